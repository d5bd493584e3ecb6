import { describe, expect, test } from 'vitest'
import {
  alexObjectId,
  clientAppId,
  clientApplicationId,
  clientPrincipalId,
  consentRecord,
  delegatedGrantRecord,
  directoryRecord,
  eventOf,
  graphAppId,
  graphPrincipalId,
  onApplication,
  onClientApp,
  onGraph,
  onUser,
  piaObjectId,
  teamsRecord,
  verdictOf,
} from '../../../../test/support/audit-records.ts'

const keys = (...ids: string[]) =>
  JSON.stringify(ids.map((id) => `[KeyIdentifier=${id},KeyType=Password,KeyUsage=Verify,DisplayName=x]`))
const access = (...ids: string[]) =>
  JSON.stringify(
    [
      {
        ResourceAppId: graphAppId,
        RequiredAppPermissions: ids.map((id) => ({ EntitlementId: id, DirectAccessGrant: true })),
      },
    ],
    null,
    2,
  ).replaceAll('\n', '\r\n')

describe('a consent', () => {
  test('is about the user and the client app, with the permissions in words', () => {
    const event = eventOf(consentRecord())
    expect(event).toMatchObject({ type: 'USER_CONSENTED_TO_APP', severity: 'HIGH', techniques: ['T1528'] })
    expect(event.title).toBe('alex@contoso.com consented to “Sample App”')
    expect(event.description).toContain('offline_access, Mail.Read and User.Read, from 203.0.113.7')
    expect(event.subjects).toEqual([
      {
        type: 'USER',
        role: 'ACTOR',
        aliases: [`oid:${alexObjectId}`, 'upn:alex@contoso.com', 'puid:100320012667a019'],
        attributes: { objectId: alexObjectId, userPrincipalName: 'alex@contoso.com' },
      },
      {
        type: 'APPLICATION',
        role: 'TARGET',
        aliases: [`sp:${clientPrincipalId}`, `appid:${clientAppId}`],
        attributes: { servicePrincipalId: clientPrincipalId, appId: clientAppId, displayName: 'Sample App' },
      },
    ])
  })

  test.each([
    [
      'for everybody',
      { 'ConsentContext.OnBehalfOfAll': 'True' },
      'HIGH',
      'The consent holds for the whole organisation.',
    ],
    [
      'for one user, harmless',
      { 'ConsentContext.OnBehalfOfAll': 'False' },
      'MEDIUM',
      'The consent holds for this user.',
    ],
    ['for nobody knows whom', {}, 'MEDIUM', 'The record does not tell for whom the consent holds.'],
    [
      'to what Microsoft calls risky',
      { 'ConsentContext.OnBehalfOfAll': 'False', 'ConsentAction.Reason': 'Risky application detected' },
      'HIGH',
      'Microsoft remarked: Risky application detected.',
    ],
  ])('%s', (_, changed, severity, reason) => {
    const event = eventOf(directoryRecord('Consent to application.', changed, onClientApp))
    expect(event).toMatchObject({ type: 'USER_CONSENTED_TO_APP', severity })
    expect(event.reasons).toContain(reason)
  })

  test('that failed gave nothing and is no consent (trap 3)', () => {
    const failed = consentRecord({ ResultStatus: 'Failure', ObjectId: `Application_${clientApplicationId}` })
    expect(verdictOf(failed)).toBe('USER_ACTIVITY')
    expect(eventOf(failed).title).toMatch(/^Failed attempt: /)
  })

  test('and its companion records have one key, in any order (trap 8)', () => {
    const companions = [
      delegatedGrantRecord(),
      consentRecord(),
      directoryRecord('Add app role assignment grant to user.', { 'User.UPN': 'alex@contoso.com' }, onClientApp),
      directoryRecord('Add service principal.', {}, onClientApp),
      directoryRecord(
        'Add app role assignment to service principal.',
        {
          'ServicePrincipal.ObjectID': clientPrincipalId,
          'ServicePrincipal.AppId': clientAppId,
          'AppRole.Value': 'Mail.Read',
        },
        onGraph,
      ),
    ].map((record) => eventOf(record))
    expect(new Set(companions.map(({ actionKey }) => actionKey)).size).toBe(1)
    expect(companions[0]?.actionKey).not.toBeNull()
    const first = companions.toSorted((a, b) => a.rank - b.rank)[0]
    expect(first?.type).toBe('USER_CONSENTED_TO_APP')
  })
})

describe('application permissions changed', () => {
  const cases: [string, Record<string, unknown>, string][] = [
    ['a delegated grant', delegatedGrantRecord(), 'APPLICATION_PERMISSIONS_CHANGED'],
    [
      'the older name of it',
      delegatedGrantRecord({ Operation: 'Add OAuth2PermissionGrant.' }),
      'APPLICATION_PERMISSIONS_CHANGED',
    ],
    ['a grant that failed', delegatedGrantRecord({ ResultStatus: 'Failure' }), 'USER_ACTIVITY'],
    [
      'access asked for grew',
      directoryRecord(
        'Update application.',
        { RequiredResourceAccess: [access('a'), access('a', 'b')] },
        onApplication,
      ),
      'APPLICATION_PERMISSIONS_CHANGED',
    ],
    [
      'access asked for shrank',
      directoryRecord(
        'Update application.',
        { RequiredResourceAccess: [access('a', 'b'), access('a')] },
        onApplication,
      ),
      'USER_ACTIVITY',
    ],
    [
      'access that starts with a bracket and is no JSON (trap 9)',
      directoryRecord('Update application.', { RequiredResourceAccess: ['[', '[not json'] }, onApplication),
      'USER_ACTIVITY',
    ],
    [
      'a new secret, in the operation with dash and blank (trap 7)',
      directoryRecord(
        'Update application – Certificates and secrets management ',
        { KeyDescription: ['[]', keys('k1')] },
        onApplication,
      ),
      'APPLICATION_PERMISSIONS_CHANGED',
    ],
    [
      'a secret taken away',
      directoryRecord(
        'Update application – Certificates and secrets management ',
        { KeyDescription: [keys('k1'), '[]'] },
        onApplication,
      ),
      'USER_ACTIVITY',
    ],
    [
      'a new credential of a service principal',
      directoryRecord('Add service principal credentials.', {}, onClientApp),
      'APPLICATION_PERMISSIONS_CHANGED',
    ],
    [
      'a new owner',
      directoryRecord('Add owner to application.', { 'Application.ObjectID': clientApplicationId }, onUser()),
      'APPLICATION_PERMISSIONS_CHANGED',
    ],
    ['a permission taken away', directoryRecord('Remove OAuth2PermissionGrant.', {}, onGraph), 'USER_ACTIVITY'],
  ]
  test.each(cases)('%s', (_, record, verdict) => expect(verdictOf(record)).toBe(verdict))

  test('is about the client and never about Microsoft Graph (trap 5)', () => {
    const { subjects } = eventOf(delegatedGrantRecord())
    expect(subjects.filter(({ type }) => type === 'APPLICATION')).toEqual([
      {
        type: 'APPLICATION',
        role: 'TARGET',
        aliases: [`sp:${clientPrincipalId}`],
        attributes: { servicePrincipalId: clientPrincipalId },
      },
    ])
    expect(JSON.stringify(subjects)).not.toContain(graphPrincipalId)
  })

  test('of an older record, which tells neither permission nor for whom, claims neither', () => {
    const told = { 'ServicePrincipal.ObjectID': clientPrincipalId }
    const event = eventOf(directoryRecord('Add OAuth2PermissionGrant.', told, onGraph))
    expect(event.severity).toBe('MEDIUM')
    expect(event.reasons).toEqual([expect.stringMatching(/^The record does not tell which permission/)])
  })

  test('without a client in the record has no app as subject, rather than the resource', () => {
    const { type, subjects } = eventOf(directoryRecord('Add delegated permission grant.', {}, onGraph))
    expect(type).toBe('APPLICATION_PERMISSIONS_CHANGED')
    expect(subjects.map((subject) => subject.type)).toEqual(['USER'])
  })

  test.each([
    ['another', onUser(), 'made Pia@contoso.com an owner'],
    ['oneself', onUser(alexObjectId, 'alex@contoso.com'), 'made themselves an owner'],
    ['nobody that is named', { Target: [] }, 'made somebody an owner'],
  ])('an owner that is %s', (_, values, words) => {
    const changed = { 'Application.ObjectID': clientApplicationId }
    expect(eventOf(directoryRecord('Add owner to application.', changed, values)).description).toContain(words)
  })

  test('names the new owner as a user of the event (B2)', () => {
    const { subjects } = eventOf(
      directoryRecord('Add owner to application.', { 'Application.ObjectID': clientApplicationId }, onUser()),
    )
    expect(subjects.map(({ type, role }) => `${type} ${role}`)).toEqual([
      'USER ACTOR',
      'USER TARGET',
      'APPLICATION TARGET',
    ])
    expect(subjects[1]?.attributes).toEqual({ objectId: piaObjectId, userPrincipalName: 'Pia@contoso.com' })
  })
})

describe('a Teams app', () => {
  const app = { AddOnName: 'Planner+', AddOnGuid: 'AAAA1111-0000-4000-8000-000000000001', AddOnType: 4 }
  test('in a team, with an Entra identity, is a Teams app and an application', () => {
    const { type, subjects } = eventOf(
      teamsRecord('AppInstalled', {
        ...app,
        TeamGuid: '19:x@thread.tacv2',
        TeamName: 'Sales',
        AzureADAppId: clientAppId,
      }),
    )
    expect(type).toBe('TEAMS_APP_INSTALLED')
    expect(subjects[1]).toEqual({
      type: 'TEAMS_APP',
      role: 'TARGET',
      aliases: ['teamsapp:aaaa1111-0000-4000-8000-000000000001|team|19:x@thread.tacv2'],
      attributes: {
        teamsAppId: 'aaaa1111-0000-4000-8000-000000000001',
        displayName: 'Planner+',
        appId: clientAppId,
        scope: 'TEAM',
        scopeId: '19:x@thread.tacv2',
        scopeName: 'Sales',
      },
    })
    expect(subjects[2]).toMatchObject({ type: 'APPLICATION', attributes: { appId: clientAppId } })
  })

  test('for a person belongs to that person, and to the actor when nobody else is named', () => {
    const forPia = eventOf(teamsRecord('AppInstalled', { ...app, TargetUserId: piaObjectId })).subjects
    expect(forPia).toMatchObject([
      { type: 'USER', role: 'ACTOR' },
      { type: 'TEAMS_APP', attributes: { scope: 'USER', scopeId: piaObjectId } },
      { type: 'USER', role: 'TARGET' },
    ])
    const forSelf = eventOf(teamsRecord('AppInstalled', app)).subjects
    expect(forSelf[1]).toMatchObject({ attributes: { scope: 'USER', scopeId: alexObjectId } })
  })

  test('in a chat; upgraded or removed is no installation', () => {
    const chat = eventOf(teamsRecord('AppInstalled', { ...app, ChatThreadId: '19:y@unq.gbl.spaces' }))
    expect(chat.subjects[1]).toMatchObject({ attributes: { scope: 'CHAT', scopeId: '19:y@unq.gbl.spaces' } })
    expect(verdictOf(teamsRecord('AppUninstalled', app))).toBe('USER_ACTIVITY')
    expect(verdictOf(teamsRecord('AppUpgraded', app))).toBe('USER_ACTIVITY')
  })
})
