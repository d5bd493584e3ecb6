/** The traps of real audit records, by the number that the description of the published data gives them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  alexObjectId,
  consentRecord,
  contoso,
  directoryRecord,
  eventOf,
  teamsRecord,
  verdictOf,
} from '../../../test/support/audit-records.ts'
import {
  eventAt as at,
  labelledRecords,
  parsed,
  recordAt,
  subjectAt,
  verdictAt,
} from '../../../test/support/labelled-records.ts'
import { isPublishedThere, warnIfNotPublished } from '../../../test/support/published-records.ts'
import { classify, readRecord } from './classify.ts'
import { actorOf } from './identities.ts'
import { jsonIn } from './json-in-strings.ts'
import { clientAddress, succeeded } from './record.ts'

warnIfNotPublished()

const records = labelledRecords()
const ofOperation = (...operations: string[]) =>
  records.filter(({ record }) => operations.includes(record.Operation ?? ''))
const events = records.flatMap(({ place, record }) => {
  const classified = classify(record, { tenantId: contoso })
  return classified.outcome === 'EVENT' ? [{ place, record, event: classified.event }] : []
})

describe.skipIf(!isPublishedThere)('results', () => {
  test('trap 1: every spelling of a result is understood, and a missing one is none', () => {
    const spelled: [string | undefined, string, boolean][] = [
      ['Success', 'invictus-2021:202', true],
      ['Succeeded', 'elastic-o365:38', true],
      ['True', 'invictus-2021:400', true],
      ['TRUE', 'elastic-o365-address-forms:1', true],
      ['PartiallySucceeded', 'invictus-2021:468', true],
      ['Failed', 'elastic-o365:68', false],
      ['Failure', 'invictus-2021:784', false],
      [undefined, 'elastic-beats-o365:13', true],
    ]
    for (const [status, place, happened] of spelled) {
      expect(recordAt(place).ResultStatus).toBe(status)
      expect(succeeded(parsed(recordAt(place))), place).toBe(happened)
    }
    const known = new Set(spelled.map(([status]) => status))
    expect(records.filter(({ record }) => !known.has(record.ResultStatus))).toEqual([])
  })

  test('trap 2: a failed sign-in that says Success is told as failed, all 75 of them', () => {
    const failed = ofOperation('UserLoginFailed')
    expect(failed.filter(({ record }) => record.ResultStatus === 'Success')).toHaveLength(44)
    expect(failed).toHaveLength(75)
    for (const { place } of failed) expect(at(place).title).toMatch(/ failed$| was refused$/)
  })

  test('trap 3: a failed consent looks like a good one and is none', () => {
    expect(recordAt('invictus-2021:784').Operation).toBe(recordAt('invictus-2021:786').Operation)
    expect(verdictAt('invictus-2021:784')).toBe('USER_ACTIVITY')
    expect(at('invictus-2021:784').title).toMatch(/^Failed attempt: /)
    expect(verdictAt('invictus-2021:786')).toBe('USER_CONSENTED_TO_APP')
  })
})

describe.skipIf(!isPublishedThere)('which app', () => {
  test('trap 4: a consent names the client by app id in ObjectId and by service principal in Target', () => {
    const { ObjectId, Target } = recordAt('invictus-2021:202')
    expect(subjectAt('invictus-2021:202', 'APPLICATION')).toEqual({
      appId: ObjectId,
      servicePrincipalId: Target?.[1]?.ID,
      displayName: Target?.[3]?.ID,
    })
  })

  test('trap 5: a grant is about its client, never about the resource in Target and ObjectId', () => {
    const grants = ofOperation(
      'Add delegated permission grant.',
      'Add OAuth2PermissionGrant.',
      'Add app role assignment to service principal.',
    )
    expect(grants).toHaveLength(28)
    for (const { place, record } of grants) {
      const resource = (record.Target ?? []).map(({ ID }) => ID.toLowerCase())
      const { servicePrincipalId, appId = '', displayName = '' } = subjectAt(place, 'APPLICATION')
      const client = record.ModifiedProperties?.find(({ Name }) => Name === 'ServicePrincipal.ObjectID')?.NewValue
      expect(servicePrincipalId, place).toBe(client)
      for (const value of [servicePrincipalId, appId, displayName.toLowerCase()]) expect(resource).not.toContain(value)
    }
  })

  test('trap 6: a list of names in ObjectId is nobody’s id', () => {
    const lists = events.filter(({ record }) => record.ObjectId?.includes(';'))
    expect(lists.length).toBeGreaterThan(20)
    for (const { event } of lists) expect(event.subjects.flatMap(({ aliases }) => aliases).join(' ')).not.toContain(';')
  })

  test('trap 7: only what grew in an application counts, also under the name with a dash and a blank', () => {
    expect(recordAt('elastic-o365:28').Operation).toMatch(/–.* $/)
    expect(verdictAt('elastic-o365:28')).toBe('APPLICATION_PERMISSIONS_CHANGED')
    expect(verdictAt('elastic-o365:9')).toBe('APPLICATION_PERMISSIONS_CHANGED')
    for (const place of ['elastic-o365:1', 'elastic-o365:7', 'elastic-o365:27']) {
      expect(verdictAt(place)).toBe('USER_ACTIVITY')
      expect(subjectAt(place, 'APPLICATION')).not.toHaveProperty('appId')
    }
  })

  test('trap 8: the records of one consent have one key, the consent words it', () => {
    const places = ['invictus-2021:238', 'invictus-2021:239', 'invictus-2021:240']
    const drafts = places.map(at)
    expect(new Set(drafts.map(({ actionKey }) => actionKey)).size).toBe(1)
    expect(drafts[0]?.actionKey).not.toBeNull()
    expect(drafts.toSorted((a, b) => a.rank - b.rank)[0]?.type).toBe('USER_CONSENTED_TO_APP')
    // The same app by another person, and another app.
    expect(at('invictus-2021:227').actionKey).not.toBe(drafts[0]?.actionKey)
    expect(at('invictus-2021:202').actionKey).not.toBe(drafts[0]?.actionKey)
  })
})

describe.skipIf(!isPublishedThere)('JSON in strings', () => {
  test('trap 9: a value that starts like JSON and is none is no JSON, and the permissions of a consent are read', () => {
    const values = records.flatMap(({ record }) =>
      (record.ModifiedProperties ?? []).flatMap(({ NewValue }) => (typeof NewValue === 'string' ? [NewValue] : [])),
    )
    const bracketed = values.filter((value) => /^\s*\[/.test(value))
    expect(bracketed.filter((value) => jsonIn(value) === undefined)).toHaveLength(14)
    expect(at('invictus-2021:202').description).toContain(
      'offline_access, Contacts.Read, User.Read, Mail.Read, Mail.Send, Files.ReadWrite.All',
    )
  })

  test('trap 10: ModifiedProperties of a mailbox item are words', () => {
    for (const place of ['elastic-o365:198', 'invictus-2021:505']) {
      expect(typeof recordAt(place).ModifiedProperties?.[0]).toBe('string')
      expect(parsed(recordAt(place)).ModifiedProperties.size).toBe(0)
      expect(verdictAt(place)).toBe('USER_ACTIVITY')
    }
  })

  test('trap 11: ExtendedProperties may be text', () => {
    expect(verdictAt('elastic-o365:203')).toBe('USER_ACTIVITY')
    expect(parsed(recordAt('elastic-o365:203')).ExtendedProperties.get('Name')).toBe('foo')
    expect(parsed(recordAt('invictus-2021:202')).ExtendedProperties.get('extendedAuditEventCategory')).toBe(
      'ServicePrincipal',
    )
  })

  test('trap 12: Parameters may be a command line, and all their values are text', () => {
    const commandLines = records.filter(({ record }) => typeof record.Parameters === 'string')
    expect(commandLines).toHaveLength(33)
    expect(parsed(recordAt('elastic-o365:204')).Parameters.get('StartReceivedDate')).toBe('4/25/2021 7:00:00 AM')
    expect(parsed(recordAt('invictus-2021:9')).Parameters.get('Name')).toBe('Default policy for Teams')
    expect(parsed(recordAt('invictus-2021:531')).Parameters.get('ForwardingSmtpAddress')).toBe('')
  })

  test('trap 13: the user of an alert is inside Data or in AlertEntityId', () => {
    for (const place of ['invictus-2021:532', 'invictus-2021:533', 'elastic-o365:205', 'elastic-o365:206']) {
      expect(recordAt(place).UserId).toBe('SecurityComplianceAlerts')
      expect(subjectAt(place, 'USER').userPrincipalName).toMatch(/^(GradyA@dutchmasterz|asr@testsiem)\.onmicrosoft/)
    }
    expect(at('elastic-o365:207').subjects.map(({ type }) => type)).toEqual(['SYSTEM'])
  })
})

describe.skipIf(!isPublishedThere)('form', () => {
  test('trap 25: an address in any form is one in its usual form, and nonsense is none', () => {
    const v6 = '2a02:cf40:add:4002:91f2:a9b2:e09a:6fc6'
    const v4 = '10.11.12.13'
    const byLine: (string | null)[] = [
      ...['67.43.156.13', '10.90.0.1', '67.43.156.13', null],
      ...[v4, v4, v4, v4, v4, v6, v6, v6, v4],
      ...[null, null, null, null, null, null],
    ]
    for (const [index, address] of byLine.entries()) {
      const place = `elastic-o365-address-forms:${index + 1}`
      expect(clientAddress(parsed(recordAt(place))), place).toBe(address)
    }
  })

  test('trap 26: a time without a zone is UTC', () => {
    expect(at('invictus-2021:530').occurredAt.toISOString()).toBe('2021-06-15T09:59:26.000Z')
  })

  test('trap 27: what is missing keeps no record out', () => {
    const sparse = records.filter(({ place }) => place.startsWith('elastic-o365-address-forms:'))
    expect(sparse).toHaveLength(19)
    for (const { record } of sparse) expect(classify(record, { tenantId: contoso }).outcome).not.toBe('UNREADABLE')
    expect(classify(recordAt('elastic-o365-address-forms:4'), { tenantId: contoso })).toMatchObject({ recordId: '' })
    expect(classify(recordAt('elastic-o365-address-forms:4'))).toEqual({ outcome: 'NO_TENANT' })
  })

  test('trap 28: two records with one Id are two', () => {
    const places = ['elastic-o365:110', 'elastic-o365:111', 'elastic-o365:112', 'elastic-o365:113']
    expect(new Set(places.map((place) => recordAt(place).Id)).size).toBe(1)
    expect(new Set(places.map((place) => at(place).id)).size).toBe(4)
  })

  test('trap 29: text from a record stays one line', () => {
    const broken = records.find(({ record }) => JSON.stringify(record).includes('\\r\\n"'))
    expect(broken).toBeDefined()
    for (const { event } of events) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
      for (const text of [event.title, event.description, ...event.reasons]) expect(text).not.toMatch(/[\u0000-\u001f]/)
    }
  })

  test('trap 30: OrganizationId is the tenant; its name is the initial domain and not the only one', () => {
    const record = recordAt('invictus-2021:530')
    expect(readRecord(record)).toMatchObject({ tenantId: record.OrganizationId, tenantName: record.OrganizationName })
    const inside = { domains: new Set(['exdigy.net']), ownIds: new Set<string>() }
    const outside = { domains: new Set(['contoso.com']), ownIds: new Set<string>() }
    expect(verdictOf(record, { snapshot: inside })).toBe('USER_ACTIVITY')
    expect(verdictOf(record, { snapshot: outside })).toBe('EXTERNAL_MAIL_FORWARDING')
    expect(eventOf(record).reasons.join(' ')).toContain('domains are not known')
  })

  test('trap 31: a directory operation is the same with and without its full stop', () => {
    for (const place of ['invictus-2021:202', 'elastic-beats-o365:6', 'invictus-2021:246']) {
      const record = recordAt(place)
      expect(record.Operation).toMatch(/\.$/)
      expect(verdictOf({ ...record, Operation: record.Operation?.slice(0, -1) })).toBe(verdictAt(place))
    }
  })
})

describe('the same traps in records of our own, where the data is absent', () => {
  test('trap 3: a failed consent is none', () => {
    expect(verdictOf(consentRecord({ ResultStatus: 'Failure' }))).toBe('USER_ACTIVITY')
  })

  test('trap 24: an installed Teams app, of which there is no published record, has its address in ClientIP', () => {
    const record = teamsRecord('AppInstalled', { AddOnGuid: 'x', AddOnName: 'Planner+', ClientIP: '[2001:db8::1]:443' })
    expect(eventOf(record)).toMatchObject({ type: 'TEAMS_APP_INSTALLED' })
    expect(eventOf(record).description).toContain('from 2001:db8::1.')
  })

  test('trap 17: a key that is an object id, in capitals', () => {
    const record = directoryRecord('Update user.', {}, { UserKey: alexObjectId.toUpperCase(), Actor: [] })
    expect(actorOf(parsed(record), contoso)?.aliases).toContain(`oid:${alexObjectId}`)
  })
})

test('every trap has a test', () => {
  const texts = readdirSync(import.meta.dirname)
    .filter((name) => /^traps.*\.test\.ts$/.test(name))
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
  const numbers = texts.flatMap((text) =>
    [...text.matchAll(/^ +test\('trap (\d+): /gm)].map(([, number]) => Number(number)),
  )
  expect([...new Set(numbers)].sort((a, b) => a - b)).toEqual(Array.from({ length: 31 }, (_, index) => index + 1))
})
