/** The English stemmer of Martin Porter (1980), which word_stem uses in spirit: Trino runs Snowball's later English version, so rare words differ. */

const CONSONANT = '[^aeiou]'
const VOWEL = '[aeiouy]'
const C = `${CONSONANT}[^aeiouy]*`
const V = `${VOWEL}[aeiou]*`
const MEASURE_1 = new RegExp(`^(${C})?${V}${C}`)
const MEASURE_EQ_1 = new RegExp(`^(${C})?${V}${C}(${V})?$`)
const MEASURE_2 = new RegExp(`^(${C})?${V}${C}${V}${C}`)
const HAS_VOWEL = new RegExp(`^(${C})?${VOWEL}`)
const SHORT = new RegExp(`^${C}${VOWEL}[^aeiouwxy]$`)

const STEP_2: [string, string][] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['izer', 'ize'],
  ['bli', 'ble'],
  ['alli', 'al'],
  ['entli', 'ent'],
  ['eli', 'e'],
  ['ousli', 'ous'],
  ['ization', 'ize'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['iveness', 'ive'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['aliti', 'al'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['logi', 'log'],
]
const STEP_3: [string, string][] = [
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
]
const STEP_4 = /^(.+?)(al|ance|ence|er|ic|able|ible|ant|ement|ment|ent|ou|ism|ate|iti|ous|ive|ize)$/

function suffix(word: string, table: [string, string][]): string {
  const found = table.filter(([from]) => word.endsWith(from)).sort((a, b) => b[0].length - a[0].length)[0]
  if (!found) return word
  const stem = word.slice(0, -found[0].length)
  return MEASURE_1.test(stem) ? stem + found[1] : word
}

function plural(word: string): string {
  if (/(ss|i)es$/.test(word)) return word.slice(0, -2)
  return /[^s]s$/.test(word) ? word.slice(0, -1) : word
}

function past(word: string): string {
  if (word.endsWith('eed')) return MEASURE_1.test(word.slice(0, -3)) ? word.slice(0, -1) : word
  const stem = /^(.+?)(ed|ing)$/.exec(word)?.[1]
  if (!stem || !HAS_VOWEL.test(stem)) return word
  if (/(at|bl|iz)$/.test(stem)) return `${stem}e`
  if (/([^aeiouylsz])\1$/.test(stem)) return stem.slice(0, -1)
  return SHORT.test(stem) ? `${stem}e` : stem
}

/** The stem of an English word: `running` -> `run`. */
export function wordStem(text: string): string {
  if (text.length < 3) return text
  let word = past(plural(text.toLowerCase()))
  if (word.endsWith('y') && HAS_VOWEL.test(word.slice(0, -1))) word = `${word.slice(0, -1)}i`
  word = suffix(suffix(word, STEP_2), STEP_3)
  const fourth = STEP_4.exec(word)?.[1] ?? /^(.+?)(?:s|t)(ion)$/.exec(word)?.[0]?.slice(0, -3)
  if (fourth && MEASURE_2.test(fourth)) word = fourth
  if (word.endsWith('e')) {
    const stem = word.slice(0, -1)
    if (MEASURE_2.test(stem) || (MEASURE_EQ_1.test(stem) && !SHORT.test(stem))) word = stem
  }
  return word.endsWith('ll') && MEASURE_2.test(word) ? word.slice(0, -1) : word
}
