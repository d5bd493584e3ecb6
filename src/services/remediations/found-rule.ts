/** What a rule found again means for its removal. */
import type { PresentRule, RuleMatch } from '../facts/find-rule.ts'
import type { RemediationWarning } from './codes.ts'
import { available, greyedOut, type Verdict } from './contract.ts'

type Found<Rule> = Exclude<RuleMatch<Rule>, { outcome: 'GONE' }>

export const assessFound = (match: Found<PresentRule>, warnings: RemediationWarning[]): Verdict =>
  match.outcome === 'AMBIGUOUS' ? greyedOut('RULE_AMBIGUOUS') : available(warnings)

/** The rule of an option that is available. */
export function ruleOf<Rule>(match: Found<Rule>): Rule {
  if (match.outcome === 'FOUND') return match.rule
  throw new Error('A rule that cannot be told is never acted on')
}

/** What the rule does now, and how it differs from what the record said. */
export function tellsOfRule(match: Found<PresentRule & { description: string | null }>): { remarks: string[] } {
  if (match.outcome === 'AMBIGUOUS') return { remarks: [] }
  const { rule, isRenamed, isChanged } = match
  return {
    remarks: [
      ...(isRenamed ? [`The rule is called "${rule.name}" now: it was renamed since the event.`] : []),
      ...(isChanged ? ['The rule does something else now: it was changed since the event.'] : []),
      ...(rule.description ? [`What it does now: ${rule.description.replace(/\s+/g, ' ').trim()}`] : []),
    ],
  }
}
