import { s3Error } from './errors.ts'
import { childrenOf, parseXml, textOf, type XmlElement } from './xml.ts'

const maxRules = 1000
const actions = [
  'Expiration',
  'Transition',
  'NoncurrentVersionExpiration',
  'NoncurrentVersionTransition',
  'AbortIncompleteMultipartUpload',
]

/** Refuses a lifecycle configuration as S3 does; a good one is stored and given back, its rules are not carried out. */
export function checkLifecycle(text: string): void {
  const rules = childrenOf(parseXml(text, 'LifecycleConfiguration'), 'Rule')
  if (rules.length === 0 || rules.length > maxRules) throw s3Error('MalformedXML')
  const ids = new Set<string>()
  for (const rule of rules) {
    checkRule(rule)
    const id = textOf(rule, 'ID')
    if (id === undefined) continue
    if (id.length > 255) throw s3Error('InvalidArgument', {}, 'ID length should not exceed allowed limit of 255')
    if (ids.has(id)) throw s3Error('InvalidArgument', {}, `Rule ID must be unique. Found same ID for more than one rule`)
    ids.add(id)
  }
}

function checkRule(rule: XmlElement): void {
  const status = textOf(rule, 'Status')
  if (status !== 'Enabled' && status !== 'Disabled') throw s3Error('MalformedXML')
  const [filters, prefixes] = [childrenOf(rule, 'Filter'), childrenOf(rule, 'Prefix')]
  if (filters.length + prefixes.length !== 1) throw s3Error('MalformedXML')
  if (!actions.some(action => childrenOf(rule, action).length > 0)) {
    throw s3Error('InvalidRequest', {}, 'At least one action needs to be specified in a rule')
  }
  for (const action of actions) for (const element of childrenOf(rule, action)) checkDays(action, element)
}

function checkDays(action: string, element: XmlElement): void {
  for (const name of ['Days', 'NoncurrentDays', 'DaysAfterInitiation']) {
    const days = textOf(element, name)
    if (days === undefined) continue
    if (!/^-?\d+$/.test(days)) throw s3Error('MalformedXML')
    const least = action.endsWith('Transition') ? 0 : 1
    if (Number(days) < least) throw s3Error('InvalidArgument', {}, `'${name}' for ${action} action must be a positive integer`)
  }
}
