/** Which rule of a mailbox or of the organisation a record is about: by id, else by name and content. Pure. */

/** A rule as Exchange shows it now. */
export interface PresentRule {
  /** The part of its identity that never changes, in the form in which records give it. */
  id: string
  name: string
  /** Properties by Exchange's names. */
  definition: Readonly<Record<string, unknown>>
}

/** A rule as a record named it. */
export interface RecordedRule {
  id?: string | undefined
  /** Absent when the record does not tell it; blank when the rule has a blank name. */
  name?: string | undefined
  /** Parameters of the cmdlet, all of them text. */
  definition: Readonly<Record<string, string>>
}

export type RuleMatch<Rule> =
  | { outcome: 'FOUND'; rule: Rule; isRenamed: boolean; isChanged: boolean }
  /** It is there, or may be, but which of these it is cannot be told. */
  | { outcome: 'AMBIGUOUS'; candidates: Rule[] }
  | { outcome: 'GONE' }

/**
 * An id decides alone: when no rule has it, the rule is gone, whatever bears its name by now. Without an id the only rule of that
 * name, unless its content contradicts the record and the name tells nothing (blank, `.`): such names are used again and again. Of
 * several with that name the only one whose content fits. Else the only rule whose content fits is the same one renamed.
 */
export function findRule<Rule extends PresentRule>(recorded: RecordedRule, rules: readonly Rule[]): RuleMatch<Rule> {
  const { id: recordedId } = recorded
  if (recordedId !== undefined) {
    const byId = rules.find(({ id }) => id.toLowerCase() === recordedId.toLowerCase())
    return byId ? found(byId, recorded) : { outcome: 'GONE' }
  }
  const named = recorded.name === undefined ? [] : rules.filter((rule) => sameName(rule.name, recorded.name ?? ''))
  const fitting = named.filter((rule) => likeness(recorded, rule) !== 'DIFFERENT')
  const [only] = fitting
  if (only) return fitting.length === 1 ? found(only, recorded) : { outcome: 'AMBIGUOUS', candidates: fitting }
  const [changed] = named
  if (changed && named.length === 1 && isTelling(changed.name)) return found(changed, recorded)
  if (named.length > 0) return { outcome: 'AMBIGUOUS', candidates: named }
  const alike = rules.filter((rule) => likeness(recorded, rule) === 'SAME')
  const [renamed] = alike
  if (!renamed) return { outcome: 'GONE' }
  return alike.length === 1 ? found(renamed, recorded) : { outcome: 'AMBIGUOUS', candidates: alike }
}

const found = <Rule extends PresentRule>(rule: Rule, recorded: RecordedRule): RuleMatch<Rule> => ({
  outcome: 'FOUND',
  rule,
  isRenamed: recorded.name !== undefined && !sameName(rule.name, recorded.name),
  isChanged: likeness(recorded, rule) === 'DIFFERENT',
})

const sameName = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase()

const isTelling = (name: string): boolean => /[\p{L}\p{N}]/u.test(name)

/** Other rules that come and go move a rule: its place in the order is no content of it. */
const place = 'Priority'

/** `SAME` takes a word, an address or a folder that agrees: two rules that mark mail as read are not one rule. */
function likeness({ definition }: RecordedRule, rule: PresentRule): 'SAME' | 'DIFFERENT' | 'UNKNOWN' {
  let agreed = false
  for (const [name, text] of Object.entries(definition)) {
    if (name === place || !(name in rule.definition)) continue
    const before = valuesIn(text)
    const now = valuesOf(rule.definition[name])
    if (!isEqual(before, now)) return 'DIFFERENT'
    if (before.some((value) => !isFlag(value))) agreed = true
  }
  return agreed ? 'SAME' : 'UNKNOWN'
}

const isFlag = (value: string): boolean => value === 'true' || value === 'false'

function isEqual(before: readonly string[], now: readonly string[]): boolean {
  if (before.length !== now.length) return false
  return before.every((value) => now.some((other) => isSameValue(value, other)))
}

/** A record may give a recipient's name where Exchange shows `"name" [EX:…]`; a folder's path ends in its name. */
function isSameValue(before: string, now: string): boolean {
  if (before === now) return true
  const display = /^"([^"]*)" \[ex:/.exec(now)?.[1]
  if (display !== undefined) return display === before || now.endsWith(`-${before.split('@')[0]}]`)
  return lastOfPath(before) === lastOfPath(now) && lastOfPath(now) !== ''
}

const lastOfPath = (folder: string): string => folder.split(/[\\/:]/).at(-1) ?? ''

/** Lists are joined with `;` or `,` in records. */
const valuesIn = (text: string): string[] => text.split(/[;,]/).map(normal).filter(isSet)

const valuesOf = (value: unknown): string[] =>
  [value ?? []]
    .flat()
    .map((one) => normal(String(one)))
    .filter(isSet)

/** A flag that is off, like a list without values, is a condition that the rule does not have. */
const isSet = (value: string): boolean => value !== '' && value !== 'false' && value !== '$null' && value !== '$false'

function normal(text: string): string {
  const lower = text.trim().toLowerCase()
  const address = /\[smtp:([^\]]+)\]/.exec(lower)?.[1] ?? lower.replace(/^smtp:/, '')
  return address === '$true' || address === '1' ? 'true' : address.replace(/^(['"])(.*)\1$/, '$2')
}
