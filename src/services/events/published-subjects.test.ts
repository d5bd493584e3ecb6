/**
 * Who and what single published records are about, as a person read it out of them. Values are named by where they stand in
 * the record, so that the data stays where it is: `Actor 3` is the fourth entry's ID, `new X` the new value of property X.
 */
import { describe, expect, test } from 'vitest'
import { type LabelledRecord, recordAt } from '../../../test/support/labelled-records.ts'
import { isPublishedThere, warnIfNotPublished } from '../../../test/support/published-records.ts'
import { classify } from './classify.ts'
import type { SecurityEventType, Severity, SubjectRole, SubjectType } from './types.ts'

warnIfNotPublished()

type ExpectedSubject = [type: SubjectType, role: SubjectRole, attributes: Record<string, string>]
interface Label {
  place: string
  what: string
  is: `${SecurityEventType} ${Severity}`
  subjects: ExpectedSubject[]
  /** What nothing may ever be offered on: the API behind a grant, a service, what the record does not prove. */
  never?: string[]
}

const actor: ExpectedSubject = ['USER', 'ACTOR', { userPrincipalName: 'UserId' }]
const service: ExpectedSubject = ['SYSTEM', 'ACTOR', { name: 'UserId' }]
const targetUser: ExpectedSubject = ['USER', 'TARGET', { objectId: 'Target 1', userPrincipalName: 'Target 3' }]
const person = (path: string): ExpectedSubject => ['USER', 'TARGET', { userPrincipalName: path }]
const client: ExpectedSubject = [
  'APPLICATION',
  'TARGET',
  {
    servicePrincipalId: 'new ServicePrincipal.ObjectID',
    appId: 'new ServicePrincipal.AppId',
    displayName: 'new ServicePrincipal.DisplayName',
  },
]
const clientById: ExpectedSubject = ['APPLICATION', 'TARGET', { servicePrincipalId: 'new ServicePrincipal.ObjectID' }]
const consented: ExpectedSubject = [
  'APPLICATION',
  'TARGET',
  { appId: 'ObjectId', servicePrincipalId: 'Target 1', displayName: 'Target 3' },
]
const registration: ExpectedSubject = ['APPLICATION', 'TARGET', { applicationId: 'Target 1', displayName: 'Target 3' }]
/** The resource of a grant: its service principal and its app id. */
const resource = ['Target 1', 'Target 4', 'Target 3']

const labels: Label[] = [
  {
    place: 'invictus-2021:202',
    what: 'a user consents for themselves, to mail',
    is: 'USER_CONSENTED_TO_APP HIGH',
    subjects: [['USER', 'ACTOR', { userPrincipalName: 'UserId', objectId: 'Actor 3' }], consented],
    never: ['resource of the consent'],
  },
  {
    place: 'elastic-o365:20',
    what: 'an administrator consents for everybody',
    is: 'USER_CONSENTED_TO_APP HIGH',
    subjects: [['USER', 'ACTOR', { userPrincipalName: 'UserId', objectId: 'Actor 4' }], consented],
    never: ['resource of the consent', 'Actor 2'],
  },
  {
    place: 'invictus-2021:784',
    what: 'a consent that failed gave no app anything',
    is: 'USER_ACTIVITY LOW',
    subjects: [actor],
    never: ['Target 1', 'Target 3', 'resource of the consent'],
  },
  {
    place: 'invictus-2021:786',
    what: 'an administrator consents although Microsoft calls the app risky',
    is: 'USER_CONSENTED_TO_APP HIGH',
    subjects: [actor, consented],
  },
  {
    place: 'elastic-o365:11',
    what: 'an app gets a permission without a user',
    is: 'APPLICATION_PERMISSIONS_CHANGED HIGH',
    subjects: [actor, client],
    never: resource,
  },
  {
    place: 'elastic-o365:21',
    what: 'a delegated grant under its older name, which tells no permission: the client is known by one id alone',
    is: 'APPLICATION_PERMISSIONS_CHANGED MEDIUM',
    subjects: [actor, clientById],
    never: resource,
  },
  {
    place: 'invictus-2021:754',
    what: 'a delegated grant on the old directory API',
    is: 'APPLICATION_PERMISSIONS_CHANGED HIGH',
    subjects: [actor, clientById],
    never: resource,
  },
  {
    place: 'invictus-2021:353',
    what: 'a grant on an API that looks like any other app',
    is: 'APPLICATION_PERMISSIONS_CHANGED HIGH',
    subjects: [actor, client],
    never: resource,
  },
  {
    place: 'elastic-o365:9',
    what: 'an app asks for more',
    is: 'APPLICATION_PERMISSIONS_CHANGED MEDIUM',
    subjects: [actor, registration],
  },
  {
    place: 'elastic-o365:1',
    what: 'an app asks for less',
    is: 'USER_ACTIVITY INFORMATIONAL',
    subjects: [actor, registration],
  },
  {
    place: 'elastic-o365:28',
    what: 'an app gets a secret',
    is: 'APPLICATION_PERMISSIONS_CHANGED HIGH',
    subjects: [actor, registration],
  },
  {
    place: 'invictus-2021:129',
    what: 'an app loses a secret',
    is: 'USER_ACTIVITY INFORMATIONAL',
    subjects: [actor, registration],
  },
  {
    place: 'invictus-2021:347',
    what: 'people make themselves owner of an app: one user, named once',
    is: 'APPLICATION_PERMISSIONS_CHANGED MEDIUM',
    subjects: [
      ['USER', 'ACTOR', { userPrincipalName: 'UserId', objectId: 'Target 1' }],
      [
        'APPLICATION',
        'TARGET',
        {
          applicationId: 'new Application.ObjectID',
          appId: 'new Application.AppId',
          displayName: 'new Application.DisplayName',
        },
      ],
    ],
  },
  {
    place: 'invictus-2021:400',
    what: 'a rule named with a dot deletes mail: the mailbox is the end of a path, the rest is the rule',
    is: 'SUSPICIOUS_INBOX_RULE HIGH',
    subjects: [actor, ['INBOX_RULE', 'TARGET', { mailbox: '=A.Thulile', name: 'parameter Name' }]],
  },
  {
    place: 'invictus-2021:534',
    what: 'a rule with a blank name deletes mail',
    is: 'SUSPICIOUS_INBOX_RULE HIGH',
    subjects: [actor, ['INBOX_RULE', 'TARGET', { mailbox: '=joey', name: '=' }]],
  },
  {
    place: 'invictus-2021:530',
    what: 'a mailbox forwards outside',
    is: 'EXTERNAL_MAIL_FORWARDING HIGH',
    subjects: [actor, ['MAILBOX', 'TARGET', { mailbox: 'ObjectId', forwardingSmtpAddress: '=ex@exdigy.net' }]],
  },
  {
    place: 'invictus-2021:531',
    what: 'forwarding is taken away again',
    is: 'USER_ACTIVITY INFORMATIONAL',
    subjects: [actor],
    never: ['ObjectId'],
  },
  {
    place: 'invictus-2021:402',
    what: 'full access to the mailbox of another, both named by path: neither is guessed to be a user',
    is: 'MAILBOX_ACCESS_GRANTED_TO_NON_OWNER HIGH',
    subjects: [
      actor,
      ['MAILBOX_ACCESS', 'TARGET', { mailbox: 'ObjectId', grantee: '=A.Thulile' }],
      ['MAILBOX', 'TARGET', { mailbox: 'ObjectId' }],
    ],
  },
  {
    place: 'elastic-beats-o365:4',
    what: 'a role that reads, given through a portal: the portal in Actor is nobody',
    is: 'ROLE_ASSIGNED LOW',
    subjects: [['USER', 'ACTOR', { userPrincipalName: 'UserId', objectId: 'Actor 5' }], targetUser],
    never: ['Actor 3', 'new Role.ObjectID'],
  },
  { place: 'invictus-2021:246', what: 'Global Administrator', is: 'ROLE_ASSIGNED HIGH', subjects: [actor, targetUser] },
  {
    place: 'elastic-beats-o365:6',
    what: 'a reset by an administrator',
    is: 'PASSWORD_RESET MEDIUM',
    subjects: [actor, targetUser],
  },
  {
    place: 'invictus-2021:747',
    what: 'a reset by self-service, written down as a service: that address is no user',
    is: 'PASSWORD_RESET MEDIUM',
    subjects: [service, targetUser],
    never: ['UserId', 'Actor 1'],
  },
  {
    place: 'invictus-2021:750',
    what: 'a change by the user: actor and target are one',
    is: 'PASSWORD_RESET LOW',
    subjects: [['USER', 'ACTOR', { userPrincipalName: 'UserId', objectId: 'Target 1' }]],
  },
  { place: 'invictus-2021:103', what: 'MFA is required', is: 'MFA_CHANGED LOW', subjects: [actor, targetUser] },
  {
    place: 'elastic-beats-o365:10',
    what: 'a deleted user has its id before its address',
    is: 'USER_ACTIVITY INFORMATIONAL',
    subjects: [actor, ['USER', 'TARGET', { objectId: 'Target 1', userPrincipalName: 'Target 3 without id' }]],
    never: ['Target 3'],
  },
  {
    place: 'elastic-beats-o365:13',
    what: 'members of a team',
    is: 'USER_ACTIVITY INFORMATIONAL',
    subjects: [actor, person('Members.0.UPN'), person('Members.1.UPN')],
  },
  {
    place: 'invictus-2021:352',
    what: 'an app assigned to who did it',
    is: 'USER_ACTIVITY INFORMATIONAL',
    subjects: [actor, consented],
  },
  { place: 'invictus-2021:325', what: 'a link for anybody', is: 'ANONYMOUS_LINK_CREATED MEDIUM', subjects: [actor] },
  {
    place: 'invictus-2021:532',
    what: 'an alert, with the user inside a string',
    is: 'MICROSOFT_ALERT INFORMATIONAL',
    subjects: [service, person('Data.f3u')],
    never: ['UserId'],
  },
  {
    place: 'invictus-2021:533',
    what: 'the entity of an alert',
    is: 'MICROSOFT_ALERT INFORMATIONAL',
    subjects: [service, person('AlertEntityId')],
  },
  {
    place: 'elastic-o365:207',
    what: 'an alert about no user',
    is: 'MICROSOFT_ALERT HIGH',
    subjects: [service],
    never: ['AlertEntityId'],
  },
  {
    place: 'invictus-2021:117',
    what: 'a threat in a mail',
    is: 'MICROSOFT_ALERT MEDIUM',
    subjects: [service, person('Recipients.0')],
  },
  {
    place: 'elastic-o365:110',
    what: 'a mail met a rule against data loss: the sender is meant',
    is: 'USER_ACTIVITY LOW',
    subjects: [service, person('ExchangeMetaData.From')],
  },
  {
    place: 'elastic-o365:116',
    what: 'a file met one: the editor is meant',
    is: 'USER_ACTIVITY LOW',
    subjects: [service, person('SharePointMetaData.From')],
  },
  {
    place: 'invictus-2021:462',
    what: 'a device registered for a user by a service',
    is: 'USER_ACTIVITY INFORMATIONAL',
    subjects: [['SYSTEM', 'ACTOR', {}], targetUser],
    never: ['Actor 1', 'Actor 3'],
  },
  {
    place: 'invictus-2021:697',
    what: 'a sign-in that was locked: the app that was signed in to is nobody',
    is: 'RISKY_SIGN_IN MEDIUM',
    subjects: [['USER', 'ACTOR', { userPrincipalName: 'UserId', objectId: 'Actor 0' }]],
    never: ['Target 0'],
  },
  {
    place: 'invictus-2021:468',
    what: 'owners delete their mail',
    is: 'USER_ACTIVITY INFORMATIONAL',
    subjects: [actor],
  },
]

describe.skipIf(!isPublishedThere)('single published records', () => {
  test.each(labels)('$place: $what', ({ place, is, subjects, never = [] }) => {
    const record = recordAt(place)
    const classified = classify(record)
    if (classified.outcome !== 'EVENT') throw new Error(`No event at ${place}: ${classified.outcome}`)
    const { event } = classified
    expect(`${event.type} ${event.severity}`).toBe(is)
    expect(event.subjects).toMatchObject(
      subjects.map(([type, role, attributes]) => ({
        type,
        role,
        attributes: Object.fromEntries(Object.entries(attributes).map(([name, path]) => [name, valueAt(record, path)])),
      })),
    )
    const targets = event.subjects.filter(({ type }) => type !== 'SYSTEM' && type !== 'ANONYMOUS')
    const named = targets.flatMap(({ aliases, attributes }) => [...aliases, ...Object.values(attributes).map(String)])
    for (const path of never) {
      const value = valueAt(record, path)
      expect(value, path).not.toBe('')
      const hits = named.filter((text) => text.replace(/^[a-z]+:/, '').toLowerCase() === value.toLowerCase())
      expect(hits, path).toEqual([])
    }
  })

  test('name what stands there: a path that leads nowhere fails', () => {
    expect(() => valueAt(recordAt('invictus-2021:530'), 'Target 1')).toThrow('Target 1')
  })
})

function valueAt(record: LabelledRecord['record'], path: string): string {
  const value = found(record, path)
  if (typeof value !== 'string') throw new Error(`The record has nothing at ${path}.`)
  return value
}

function found(record: LabelledRecord['record'], path: string): unknown {
  if (path.startsWith('=')) return path.slice(1)
  const [word = '', rest = ''] = path.split(/ (.*)/)
  if (path === 'Target 3 without id') return record.Target?.[3]?.ID.slice(32)
  if (path === 'resource of the consent')
    return / ResourceId: ([0-9a-f-]{36})/.exec(newValue('ConsentAction.Permissions'))?.[1]
  if (word === 'Actor' || word === 'Target') return record[word]?.[Number(rest)]?.ID
  if (word === 'new') return newValue(rest)
  if (word === 'parameter') return record.Parameters?.find(({ Name }) => Name === rest)?.Value
  return path.split('.').reduce<unknown>((value, key) => {
    const inside: unknown = typeof value === 'string' ? JSON.parse(value) : value
    return (inside as Record<string, unknown> | undefined)?.[key]
  }, record)

  function newValue(name: string): string {
    return record.ModifiedProperties?.find(({ Name }) => Name === name)?.NewValue ?? ''
  }
}
