/** One cmdlet as the admin endpoint takes it. */
import { refusedHere } from '../failures.ts'
import { isObject, withoutAnnotations } from '../json.ts'
import type { CmdletOptions } from '../types.ts'

export interface CmdletCall {
  url: string
  anchor: string
  body: { CmdletInput: { CmdletName: string; Parameters: Record<string, unknown> } }
}

export const isReading = (cmdlet: string): boolean => cmdlet.startsWith('Get-')

/** Throws `UpstreamError` `BAD_REQUEST` for what must never be sent. */
export function cmdletCall(
  commandUrl: string,
  tenantId: string,
  cmdlet: string,
  parameters: Record<string, unknown>,
  { select, anchor }: CmdletOptions,
): CmdletCall {
  if (!/^[A-Z][a-z]+-[A-Za-z]+$/.test(cmdlet)) throw refusedHere('exchange', 'This is no name of a cmdlet')
  checkTarget(cmdlet, parameters)
  if (select?.some((name) => !/^\w+$/.test(name))) throw refusedHere('exchange', 'A selected property is no name')
  const query = select && select.length > 0 ? `?$select=${select.join(',')}` : ''
  return {
    url: commandUrl + query,
    anchor: anchorOf(tenantId, anchor),
    body: { CmdletInput: { CmdletName: cmdlet, Parameters: parameters } },
  }
}

// A Get- cmdlet with an empty identity answers with every object of the tenant, and a change without one has no target.
function checkTarget(cmdlet: string, parameters: Record<string, unknown>): void {
  for (const name of ['Identity', 'Mailbox']) {
    if (!(name in parameters)) continue
    const value = parameters[name]
    if (typeof value !== 'string' || value.trim() === '')
      throw refusedHere('exchange', `${cmdlet} has an empty ${name}`)
  }
  const needsTarget = /^(Set|Remove|Disable|Enable)-/.test(cmdlet)
  if (needsTarget && !('Identity' in parameters)) throw refusedHere('exchange', `${cmdlet} has no Identity`)
}

// Exchange's own system mailbox, the same in every tenant.
const systemMailbox = 'SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}'

/** A user principal name leads to the mailbox's own server; an object id does not, so it goes by the system mailbox. */
function anchorOf(tenantId: string, anchor: string | undefined): string {
  if (anchor === undefined || !anchor.includes('@')) return `APP:${systemMailbox}@${tenantId}`
  if (!/^[\x21-\x7e]+$/.test(anchor)) return `APP:${systemMailbox}@${tenantId}`
  return `UPN:${anchor}`
}

export interface CmdletPage {
  value: Record<string, unknown>[]
  warnings: string[]
  requestId: string | null
  nextLink: string | null
}

/** Null when the body is none that a cmdlet gives. */
export function pageOf(body: unknown, requestId: string | null): CmdletPage | null {
  if (!isObject(body) || !Array.isArray(body.value)) return null
  const warnings = body['@adminapi.warnings']
  const nextLink = body['@odata.nextLink']
  return {
    value: body.value.map(withoutAnnotations).filter(isObject),
    warnings: Array.isArray(warnings) ? warnings.filter((warning) => typeof warning === 'string') : [],
    requestId,
    nextLink: typeof nextLink === 'string' ? nextLink : null,
  }
}
