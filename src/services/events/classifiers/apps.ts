import { isRiskyPermission } from '../../authority/risky-permissions.ts'
import type { CandidateOf } from '../identities.ts'
import { nameOf, prefixed } from '../identities.ts'
import { guid } from '../ids.ts'
import { listIn, scalarIn, stringOf } from '../json-in-strings.ts'
import type { AuditRecord } from '../record.ts'
import { newValueOf } from '../record.ts'
import { plain } from '../text.ts'

export interface AppIds {
  appId?: string | undefined
  servicePrincipalId?: string | undefined
  applicationId?: string | undefined
  displayName?: string | undefined
}

/** Resource APIs of Microsoft: permissions are granted *to use* them, so they are never what an event is about. */
const resourceApis = new Set(['c5393580-f805-4401-95e8-94b7a6ef2fc2'])
const isResourceApi = (appId: string): boolean =>
  /^000000[0-9a-f]{2}-0000-(0000-c000|0ff1-ce00)-000000000000$/.test(appId) || resourceApis.has(appId)

/** The client application as subject; null when nothing identifies it or it is a resource API of Microsoft. */
export function application(ids: AppIds): CandidateOf<'APPLICATION'> | null {
  const { appId, servicePrincipalId, applicationId, displayName } = ids
  if (appId !== undefined && isResourceApi(appId)) return null
  const aliases: string[] = []
  const attributes: CandidateOf<'APPLICATION'>['attributes'] = {}
  if (servicePrincipalId !== undefined) {
    aliases.push(`sp:${servicePrincipalId}`)
    attributes.servicePrincipalId = servicePrincipalId
  }
  if (appId !== undefined) {
    aliases.push(`appid:${appId}`)
    attributes.appId = appId
  }
  if (applicationId !== undefined) {
    aliases.push(`app:${applicationId}`)
    attributes.applicationId = applicationId
  }
  if (aliases.length === 0) return null
  if (displayName !== undefined && displayName.trim() !== '') attributes.displayName = plain(displayName)
  return { type: 'APPLICATION', role: 'TARGET', aliases, attributes }
}

/** How a sentence calls the app; ids only when there is no name. */
export function appName(app: CandidateOf<'APPLICATION'> | null): string {
  if (app === null) return 'an application that the record does not name'
  const { displayName, appId, servicePrincipalId, applicationId } = app.attributes
  return displayName === undefined ? `app ${appId ?? servicePrincipalId ?? applicationId}` : `“${displayName}”`
}

/** The app that `Target` names: right for consents and for changes of an app, wrong for grants (there it is the resource). */
export function targetApp(record: AuditRecord): AppIds {
  const servicePrincipalId = prefixed(record.Target, 'serviceprincipal_')
  const applicationId = prefixed(record.Target, 'application_')
  const others = record.Target.flatMap(({ id }) => guid(id) ?? [])
  return {
    servicePrincipalId,
    applicationId,
    appId:
      guid(record.ObjectId) ??
      others.find((id) => id !== servicePrincipalId && id !== applicationId) ??
      guid(scalarIn(newValueOf(record, 'AppId'))) ??
      guid(scalarIn(newValueOf(record, 'AppPrincipalId'))),
    displayName: nameOf(record.Target),
  }
}

/** The app that the `ModifiedProperties` with this prefix name: the client of a grant, the app that got an owner. */
export function appOfProperties(record: AuditRecord, prefix: 'ServicePrincipal' | 'Application'): AppIds {
  const objectId = guid(newValueOf(record, `${prefix}.ObjectID`))
  return {
    ...(prefix === 'Application' ? { applicationId: objectId } : { servicePrincipalId: objectId }),
    appId: guid(newValueOf(record, `${prefix}.AppId`)) ?? guid(newValueOf(record, `${prefix}.Name`)),
    displayName: newValueOf(record, `${prefix}.DisplayName`),
  }
}

/** Scopes in `ConsentAction.Permissions`, which is neither JSON nor a list; only what stands after the `=>` is new state. */
export function scopesOfConsent(text: string | undefined): { scopes: string[]; tenantWide: boolean } {
  const [, after = ''] = (text ?? '').slice(0, 50_000).split('=>')
  const scopes = [...after.matchAll(/Scope:\s*([^\],]*)/g)].flatMap(([, list = '']) => scopesIn(list))
  return { scopes: [...new Set(scopes)], tenantWide: /ConsentType:\s*AllPrincipals/i.test(after) }
}

export function scopesIn(text: string | undefined): string[] {
  return (text ?? '')
    .slice(0, 10_000)
    .split(/\s+/)
    .filter((scope) => scope !== '')
    .map((scope) => plain(scope, 80))
}

export const powerfulOf = (scopes: readonly string[]): string[] => scopes.filter(isRiskyPermission)

/** `resource/permission` of each entry in `RequiredResourceAccess`, to tell growing from shrinking. */
export function requiredAccess(text: string | undefined): Set<string> {
  const keys = new Set<string>()
  for (const resource of listIn(text)) {
    const permissions = (resource as { RequiredAppPermissions?: unknown } | null)?.RequiredAppPermissions
    for (const permission of Array.isArray(permissions) ? permissions : []) {
      const id = stringOf(permission, 'EntitlementId')
      if (id === undefined) continue
      const resourceId = stringOf(resource, 'ResourceAppId') ?? ''
      const { DirectAccessGrant: direct, ImpersonationAccessGrants: delegated } = permission as Record<string, unknown>
      // The same permission may stand as application and as delegated one; each of them is access of its own.
      if (direct === true) keys.add(`${resourceId}/${id}/app`)
      if (Array.isArray(delegated) && delegated.length > 0) keys.add(`${resourceId}/${id}/delegated`)
      if (direct !== true && !(Array.isArray(delegated) && delegated.length > 0)) keys.add(`${resourceId}/${id}`)
    }
  }
  return keys
}

/** The keys and secrets in `KeyDescription`. */
export function credentialIds(text: string | undefined): Set<string> {
  return new Set([...(text ?? '').slice(0, 100_000).matchAll(/KeyIdentifier=([^,\]]+)/g)].map(([, id = '']) => id))
}

export const added = (before: ReadonlySet<string>, after: ReadonlySet<string>): string[] =>
  [...after].filter((key) => !before.has(key))
