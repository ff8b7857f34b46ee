import { errorMessage } from '../../lib/errors.ts'

/** One thing the doctor looked at. */
export interface Finding {
  state: 'ok' | 'wrong' | 'skipped'
  /** What was seen: subject, problem, value. For what was skipped: why. */
  symptom: string
  /** Why, and what to do; only where something is wrong. */
  cause?: string
  fix?: string
}

export const fine = (symptom: string): Finding => ({ state: 'ok', symptom })
export const wrong = (symptom: string, cause: string, fix: string): Finding => ({ state: 'wrong', symptom, cause, fix })
export const skipped = (symptom: string): Finding => ({ state: 'skipped', symptom })

export const isWrong = ({ state }: Finding): boolean => state === 'wrong'

/** What `look` finds; what the user may not see is skipped, and any other error is a finding about `subject`. */
export async function looking(subject: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look()
  } catch (error) {
    if (isDenied(error)) return [skipped(`${subject}: this user may not look there (${nameOf(error)})`)]
    return [wrong(`${subject}: cannot be looked at`, errorMessage(error), 'correct what the sentence names, then ask again')]
  }
}

/** True for every service's way to say "not with these rights". */
export function isDenied(error: unknown): boolean {
  return /AccessDenied|Forbidden|UnauthorizedOperation|NotAuthorized|AUTHORIZATION_FAILED|^403$/.test(nameOf(error))
}

/** The first items as words: `a, b, c and 4 more`. */
export function some(items: readonly string[], most = 3): string {
  const more = items.length - most
  return items.slice(0, most).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** `1 record`, `2 records`. */
export const count = (number: number, thing: string): string => `${number} ${thing}${number === 1 ? '' : 's'}`

function nameOf(error: unknown): string {
  const { code, name, Code, cause } = error as { code?: unknown; name?: string; Code?: string; cause?: { name?: string } }
  const words = [typeof code === 'string' ? code : undefined, Code, cause?.name, name]
  return words.find(word => word && word !== 'LabError' && word !== 'Error') ?? 'error'
}
