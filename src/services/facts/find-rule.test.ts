import { describe, expect, test } from 'vitest'
import { findRule, type PresentRule, type RecordedRule } from './find-rule.ts'

/** As Exchange shows a rule: every property is there. */
const rule = (id: string, name: string, definition: Record<string, unknown> = {}): PresentRule => ({
  id,
  name,
  definition: {
    ForwardTo: null,
    DeleteMessage: false,
    MarkAsRead: false,
    MoveToFolder: null,
    BodyContainsWords: null,
    ...definition,
  },
})
const forwards = { ForwardTo: ['"Out" [SMTP:out@example.net]'] }
const deletes = { DeleteMessage: true, BodyContainsWords: ['Invoice', 'Payment'] }
const deletesAsRecorded = { DeleteMessage: 'True', BodyContainsWords: 'Invoice;Payment' }

const recorded = (name: string | undefined, definition: Record<string, string> = {}, id?: string): RecordedRule => ({
  name,
  definition,
  id,
})

describe('a rule of a record is', () => {
  test.each<[string, RecordedRule, PresentRule[], object]>([
    [
      'the one with its id, whatever its name and content are by now',
      recorded('Invoices', deletesAsRecorded, '18446744073709551615'),
      [rule('18446744073709551614', 'Invoices', deletes), rule('18446744073709551615', 'Other', forwards)],
      { outcome: 'FOUND', rule: { id: '18446744073709551615' }, isRenamed: true, isChanged: true },
    ],
    [
      'the only one of its name, in any case',
      recorded('invoices', deletesAsRecorded),
      [rule('1', 'Invoices', deletes), rule('2', 'Other', deletes)],
      { outcome: 'FOUND', rule: { id: '1' }, isRenamed: false, isChanged: false },
    ],
    [
      'the only one of a blank name: a space in one place, nothing in the other',
      recorded('', deletesAsRecorded),
      [rule('1', ' ', deletes), rule('2', 'Other')],
      { outcome: 'FOUND', rule: { id: '1' }, isRenamed: false },
    ],
    [
      'of two with its name the one whose content fits',
      recorded('.', { ForwardTo: 'out@example.net' }),
      [rule('1', '.', deletes), rule('2', '.', forwards)],
      { outcome: 'FOUND', rule: { id: '2' } },
    ],
    [
      'the only one of its name, changed since, when the name tells something',
      recorded('Invoices', deletesAsRecorded),
      [rule('1', 'Invoices', forwards)],
      { outcome: 'FOUND', rule: { id: '1' }, isChanged: true },
    ],
    [
      'the only one with its content, renamed since',
      recorded('Invoices', deletesAsRecorded),
      [rule('1', 'Harmless', deletes), rule('2', 'Other', forwards)],
      { outcome: 'FOUND', rule: { id: '1' }, isRenamed: true, isChanged: false },
    ],
    [
      'the one of a name that tells nothing, in another place of the order by now',
      recorded('.', { ...deletesAsRecorded, Priority: '0' }),
      [rule('1', '.', { ...deletes, Priority: 3 })],
      { outcome: 'FOUND', rule: { id: '1' }, isChanged: false },
    ],
    [
      'known by a folder whose path is written in another way',
      recorded(undefined, { MoveToFolder: 'ada:\\RSS Feeds' }),
      [rule('1', 'A', { MoveToFolder: 'RSS Feeds' }), rule('2', 'B', { MoveToFolder: 'Archive' })],
      { outcome: 'FOUND', rule: { id: '1' } },
    ],
    [
      'known by a recipient inside, which Exchange shows by a legacy name',
      recorded('Copy', { ForwardTo: 'ben@contoso.com' }),
      [rule('1', 'Copy', { ForwardTo: ['"Ben" [EX:/o=ExchangeLabs/cn=Recipients/cn=0a1b-ben]'] }), rule('2', 'Copy')],
      { outcome: 'FOUND', rule: { id: '1' }, isChanged: false },
    ],
    [
      'found by its name when the record, made by Outlook, tells nothing that can be compared',
      recorded('Invoices', { RuleActions: '[{"ActionType":"Delete"}]' }),
      [rule('1', 'Invoices', deletes)],
      { outcome: 'FOUND', rule: { id: '1' }, isChanged: false },
    ],
  ])('%s', (_what, given, rules, expected) => {
    expect(findRule(given, rules)).toMatchObject(expected)
  })
})

describe('it cannot be told which rule it is', () => {
  test.each<[string, RecordedRule, PresentRule[], string[]]>([
    [
      'when two have its name and both fit',
      recorded('.', deletesAsRecorded),
      [rule('1', '.', deletes), rule('2', '.', deletes), rule('3', 'Other', deletes)],
      ['1', '2'],
    ],
    [
      'when its name tells nothing and the only one of that name does something else',
      recorded('.', deletesAsRecorded),
      [rule('1', '.', forwards)],
      ['1'],
    ],
    [
      'when two have its name and neither fits',
      recorded('Invoices', deletesAsRecorded),
      [rule('1', 'Invoices', forwards), rule('2', 'Invoices', { MarkAsRead: true })],
      ['1', '2'],
    ],
    [
      'when it was renamed and two have its content',
      recorded('Invoices', deletesAsRecorded),
      [rule('1', 'A', deletes), rule('2', 'B', deletes)],
      ['1', '2'],
    ],
  ])('%s', (_what, given, rules, candidates) => {
    const match = findRule(given, rules)
    expect(match.outcome).toBe('AMBIGUOUS')
    expect(match.outcome === 'AMBIGUOUS' && match.candidates.map(({ id }) => id)).toEqual(candidates)
  })
})

describe('it is gone', () => {
  test.each<[string, RecordedRule, PresentRule[]]>([
    ['when there is no rule at all', recorded('Invoices', deletesAsRecorded), []],
    [
      'when its id is gone, although another rule has its name and content by now',
      recorded('Invoices', deletesAsRecorded, '18446744073709551615'),
      [rule('18446744073709551614', 'Invoices', deletes)],
    ],
    ['when no name and no content fits', recorded('Invoices', deletesAsRecorded), [rule('1', 'Other', forwards)]],
    [
      'when another rule only marks mail as read, too: that is no likeness',
      recorded('Invoices', { MarkAsRead: 'True' }),
      [rule('1', 'Newsletters', { MarkAsRead: true })],
    ],
    ['when the record tells neither name nor content', recorded(undefined), [rule('1', 'Other', forwards)]],
  ])('%s', (_what, given, rules) => {
    expect(findRule(given, rules)).toEqual({ outcome: 'GONE' })
  })
})
