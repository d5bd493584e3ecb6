import { guid } from '../ids.ts'
import type { AuditRecord } from '../record.ts'
import { plain } from '../text.ts'

/** Exchange Online PowerShell, new and old. */
const powerShells = new Set(['fb78d390-0c51-40cd-8e17-fdbfab77341b', 'a0c73c16-a7e3-4564-9a95-2bdf47383716'])

/** Outlook in its forms, and the admin centers of Exchange. Those of the form `0000000X-0000-0ff1-ce00-…` are Exchange and Office 365. */
const outlooks = new Set([
  'd3590ed6-52b3-4102-aeff-aad2292ab01c',
  '27922004-5251-4030-b22d-91ecd9a37ea4',
  '5d661950-3475-41cd-a2c3-d671a3162bc1',
  '9199bf20-a13f-4107-85dc-02114787ef48',
  '497effe9-df71-4043-a8bb-14cf78c4b63b',
])
const isOutlook = (appId: string): boolean =>
  outlooks.has(appId) || /^0000000[0-9a-f]-0000-0ff1-ce00-000000000000$/.test(appId)

/**
 * What somebody used in place of Outlook, in words; null for Outlook and where the record does not tell.
 * `ClientAppId` is the app itself, `AppId` may be an API in between, such as Microsoft Graph.
 */
export function unusualClientOf(record: AuditRecord): string | null {
  const agent = `${record.ClientInfoString ?? ''} ${record.UserAgent ?? ''}`
  const appId = guid(record.ClientAppId) ?? guid(record.AppId)
  if (/powershell/i.test(agent) || (appId !== undefined && powerShells.has(appId))) return 'PowerShell'
  const script = /\b(python|curl|wget|go-http-client|okhttp|axios|node-fetch|aiohttp)\b/i.exec(agent)?.[0]
  if (script !== undefined) return `a script (${plain(script, 40)})`
  if (appId === undefined || isOutlook(appId)) return null
  return appId === '00000003-0000-0000-c000-000000000000' ? 'Microsoft Graph' : `the app ${appId}`
}
