/** The traps of real audit records that are about people and mail; see `traps.test.ts`. */
import { describe, expect, test } from 'vitest'
import { contoso } from '../../../test/support/audit-records.ts'
import {
  actorAt,
  eventAt as at,
  labelledRecords,
  parsed,
  recordAt,
  subjectAt,
  verdictAt,
} from '../../../test/support/labelled-records.ts'
import { isPublishedThere, warnIfNotPublished } from '../../../test/support/published-records.ts'
import { actorOf } from './identities.ts'
import { clientAddress } from './record.ts'

warnIfNotPublished()

const records = labelledRecords()
const aliasesAt = (place: string) => actorAt(place)?.aliases ?? []
const ofOperation = (operation: string) => records.filter(({ record }) => record.Operation === operation)

describe.skipIf(!isPublishedThere)('who', () => {
  test('trap 14: every form of UserId is a person, a service or nobody', () => {
    const people = ['invictus-2021:202', 'invictus-2021:325', 'elastic-o365:213']
    const services = [
      ['elastic-o365:189', 'S-1-5-18'],
      ['elastic-beats-o365:16', 'app@sharepoint'],
      ['elastic-beats-o365:1', 'Certificate'],
      ['elastic-o365:205', 'SecurityComplianceAlerts'],
      ['elastic-o365:110', 'DlpAgent'],
      ['elastic-o365:121', 'DLPAgent'],
      ['elastic-o365:116', 'DlpPolicyEventBasedAssistantOneDriveForBusiness'],
      ['invictus-2021:47', 'NOT-FOUND'],
      ['elastic-o365:69', 'Unknown'],
      ['elastic-o365:199', 'Application'],
      ['elastic-o365:107', 'Service Account'],
      ['invictus-2021:9', 'FfoServicePartnerUser'],
      ['invictus-2021:117', 'ThreatIntel'],
      ['invictus-2021:8', 'SpoolsProvisioning-ApplicationAccount@eurprd04.prod.outlook.com'],
    ]
    for (const place of people) expect(actorAt(place)?.type, place).toBe('USER')
    for (const [place = '', name = ''] of services) {
      expect(recordAt(place).UserId).toBe(name)
      expect(actorAt(place), place).toMatchObject({ type: 'SYSTEM', aliases: [`system:${name.toLowerCase()}`] })
    }
    expect(actorAt('invictus-2021:40')).toMatchObject({
      type: 'SYSTEM',
      attributes: { name: 'Office 365 SharePoint Online' },
    })
    const byId = ofOperation('SearchAlert')[0]
    expect(byId && actorOf(parsed(byId.record), contoso)).toMatchObject({
      type: 'USER',
      aliases: [`oid:${byId?.record.UserId}`],
    })
    expect(actorAt('elastic-o365-address-forms:5')).toBeNull()
  })

  test('trap 15: UserType settles nothing', () => {
    const told: [string, number, string][] = [
      ['elastic-beats-o365:16', 0, 'SYSTEM'],
      ['elastic-o365:189', 2, 'SYSTEM'],
      ['invictus-2021:9', 2, 'SYSTEM'],
      ['invictus-2021:400', 2, 'USER'],
      ['invictus-2021:46', 5, 'USER'],
    ]
    for (const [place, userType, type] of told) {
      expect(recordAt(place).UserType).toBe(userType)
      expect(actorAt(place)?.type, place).toBe(type)
    }
  })

  test('trap 16: one person, and one service, is the same in any case', () => {
    expect(recordAt('invictus-2021:325').UserId).not.toBe(recordAt('invictus-2021:530').UserId)
    expect(aliasesAt('invictus-2021:325')).toEqual(aliasesAt('invictus-2021:530'))
    const hosts = records.filter(({ record }) => /\(microsoft\.exchange\.servicehost\)$/i.test(record.UserId ?? ''))
    expect(new Set(hosts.map(({ record }) => record.UserId)).size).toBe(2)
    expect(new Set(hosts.map(({ place }) => aliasesAt(place).join())).size).toBe(1)
  })

  test('trap 17: the id in UserKey is found in each of its forms', () => {
    const puid = 'puid:100320012668d61a'
    expect(
      ['invictus-2021:336', 'invictus-2021:346', 'invictus-2021:325'].map((place) => recordAt(place).UserKey),
    ).toEqual([
      '100320012668D61A',
      '100320012668D61A@dutchmasterz.onmicrosoft.com',
      'i:0h.f|membership|100320012668d61a@live.com',
    ])
    for (const place of ['invictus-2021:336', 'invictus-2021:346', 'invictus-2021:325']) {
      expect(aliasesAt(place)).toContain(puid)
    }
    expect(aliasesAt('invictus-2021:697')).toContain(`oid:${recordAt('invictus-2021:697').UserKey}`)
    for (const place of ['elastic-beats-o365:16', 'invictus-2021:47'])
      expect(aliasesAt(place).join()).not.toMatch(/puid|oid/)
  })

  test('trap 18: words and portals among the ids of Actor and Target are nobody', () => {
    const { Actor = [], Target = [] } = recordAt('elastic-beats-o365:4')
    expect(Actor.map(({ ID }) => ID)).toContain('User')
    const { subjects } = at('elastic-beats-o365:4')
    expect(subjects.map(({ aliases }) => aliases)).toEqual([
      [`oid:${Actor[5]?.ID}`, `upn:${Actor[0]?.ID}`, `puid:${Actor[1]?.ID.toLowerCase()}`],
      [`oid:${Target[1]?.ID}`, `upn:${Target[3]?.ID}`, `puid:${Target[4]?.ID.toLowerCase()}`],
    ])
  })
})

describe('who, in forms that the data does not have', () => {
  test('trap 14: anonymous visitors, guests by link and by invitation, and nobody', () => {
    const who = (UserId: string) => actorOf(parsed({ UserId }), contoso)
    expect(who(`urn:spo:anon#${'a'.repeat(64)}`)?.type).toBe('ANONYMOUS')
    expect(who('anonymous')?.type).toBe('ANONYMOUS')
    expect(who('urn:spo:guest#gia@fabrikam.com')?.aliases).toEqual(['upn:gia@fabrikam.com'])
    expect(who('gia_fabrikam.com#EXT#@contoso.onmicrosoft.com')?.type).toBe('USER')
    expect(who('')).toBeNull()
  })
})

describe.skipIf(!isPublishedThere)('mail', () => {
  test('trap 19: a mailbox by path and by alias is one mailbox, kept as it is written', () => {
    expect(subjectAt('invictus-2021:402', 'MAILBOX_ACCESS')).toMatchObject({
      mailbox: 'HenriettaM',
      grantee: 'A.Thulile',
    })
    expect(subjectAt('invictus-2021:530', 'MAILBOX').mailbox).toBe('GradyA')
  })

  test('trap 20: a rule may be named with a dot, or not at all', () => {
    expect(subjectAt('invictus-2021:400', 'INBOX_RULE')).toMatchObject({ mailbox: 'A.Thulile', name: '.' })
    expect(recordAt('invictus-2021:534').ObjectId).toBe('joey\\ ')
    expect(subjectAt('invictus-2021:534', 'INBOX_RULE')).toMatchObject({ mailbox: 'joey', name: '' })
    expect(at('invictus-2021:534').title).toContain('(blank)')
  })

  test('trap 21: forwarding with a prefix is set, with empty text removed', () => {
    expect(subjectAt('invictus-2021:530', 'MAILBOX').forwardingSmtpAddress).toBe('ex@exdigy.net')
    expect(verdictAt('invictus-2021:531')).toBe('USER_ACTIVITY')
  })

  test('trap 22: the platform’s upkeep of mailboxes is no event, all 59 of them', () => {
    const upkeep = ofOperation('Set-Mailbox').filter(({ place }) => actorAt(place)?.type === 'SYSTEM')
    expect(upkeep).toHaveLength(59)
    for (const { place } of upkeep) expect(verdictAt(place)).toBe('NO_EVENT')
  })

  test('trap 23: the platform in mailboxes is nobody, the owner is no stranger', () => {
    const platform = records.filter(({ record }) => record.UserId === 'S-1-5-18')
    expect(platform).toHaveLength(12)
    for (const { place } of platform) expect(verdictAt(place)).toBe('NO_EVENT')
    for (const { place } of ofOperation('MailItemsAccessed')) expect(verdictAt(place)).toBe('NO_EVENT')
  })

  test('trap 24: the address of the client is found in each of its fields', () => {
    expect(clientAddress(parsed(recordAt('invictus-2021:530')))).toBe('80.114.221.214')
    expect(clientAddress(parsed(recordAt('invictus-2021:1')))).toBe('2603:10a6:20b:f0:cafe::69')
    expect(clientAddress(parsed({ ActorIpAddress: '203.0.113.7' }))).toBe('203.0.113.7')
    expect(clientAddress(parsed(recordAt('invictus-2021:47')))).toBeNull()
    expect(at('invictus-2021:530').description).toContain(', from 80.114.221.214.')
  })
})
