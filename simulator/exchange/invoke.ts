/** One `InvokeCommand`: rights → cmdlet → parameters → answer, with errors in Exchange's form. */

import { randomUUID } from 'node:crypto'
import { audited, now } from '../audit/trail.ts'
import { directoryRoles } from '../directory-roles.ts'
import type { Call, Caller, Engine, Reply } from '../engine-types.ts'
import type { Switches } from '../world.ts'
import { argumentsOf, textOf } from './arguments.ts'
import {
  type Cmdlet,
  type CmdletCall,
  type CmdletOutput,
  type ExchangeObject,
  type PropertyType,
  readers,
} from './cmdlet.ts'
import { cmdlets } from './cmdlets.ts'
import { cmdletErrorReply, cmdletNotAvailable, ExchangeError, plainErrorReply, unauthenticated } from './errors.ts'
import { isObject } from './json.ts'

export const otherTenant = 'The token is for another tenant.'
const pageSizeDefault = 1000

/** Passes a call through faults and journal, and answers it. Throws `CutConnection`. */
export async function invoke(engine: Engine, call: Call): Promise<Reply> {
  const reply = await engine.perform('exchange', call, (current) => handled(engine, current))
  return withHeaders(reply, engine.now())
}

export function withHeaders(reply: Reply, now: Date): Reply {
  const type = reply.body === null ? {} : { 'Content-Type': 'application/json;odata.metadata=minimal' }
  const headers = {
    ...type,
    'request-id': randomUUID(),
    'Rate-Limit-Limit': '30000',
    'Rate-Limit-Remaining': '29999',
    'Rate-Limit-Reset': new Date(now.getTime() + 60_000).toISOString(),
    'Preference-Applied': 'odata.include-annotations="*"',
    'X-ExchangeVersion': '15.20.9412.016',
    ...reply.headers,
  }
  return { ...reply, headers }
}

/** What is wrong with a caller before any cmdlet is looked at; null when nothing is. */
export function refusalOf({ userId, roles, scopes, wids, appId }: Caller, switches: Switches = {}): Reply | null {
  if (userId !== null) return scopes.includes('Exchange.Manage') ? null : unauthenticated(switches)
  if (!roles.includes('Exchange.ManageAsApp')) return unauthenticated(switches)
  if (readers.some((name) => wids.includes(directoryRoles[name]))) return null
  return plainErrorReply(
    switches.unsupportedRoleStatus ?? 403,
    'Forbidden',
    `The role assigned to application ${appId} isn't supported in this scenario. Please check online documentation for assigning correct Directory Roles to Azure AD Application for EXO App-Only Authentication.`,
  )
}

/** Whether `/beta/{tenant}/…` names the token's tenant, by id or by one of its domains. */
export function isOwnTenant({ tenant }: Caller, { pathname }: URL): boolean {
  const name = pathname.split('/')[2]?.toLowerCase()
  return tenant.id === name || tenant.domains.some(({ id }) => id.toLowerCase() === name)
}

function handled(engine: Engine, call: Call): Reply {
  const { caller, body } = call
  const { switches } = engine.world
  const cmdlet = cmdletOf(body)
  const mutates = cmdlet?.mutates ?? false
  const refusal = refusalOf(caller, switches)
  if (refusal) return { ...refusal, mutates }
  if (!isOwnTenant(caller, call.url)) return plainErrorReply(403, 'Forbidden', otherTenant, mutates)
  const input = isObject(body) ? body.CmdletInput : null
  if (!isObject(input) || typeof input.CmdletName !== 'string') {
    return plainErrorReply(400, 'BadRequest', 'The request has no CmdletInput.CmdletName.')
  }
  if (!cmdlet || !mayRun(caller, cmdlet, switches)) return cmdletNotAvailable(mutates)
  try {
    const parameters = argumentsOf(cmdlet.name, input.Parameters ?? {})
    const cmdletCall = { engine, caller, tenant: caller.tenant, parameters }
    const output = outputOf(cmdlet, cmdletCall)
    auditChange(cmdletCall, cmdlet, output)
    return { status: 200, body: page(call, cmdlet, output), mutates }
  } catch (error) {
    if (error instanceof ExchangeError) return cmdletErrorReply(error, mutates, switches)
    throw error
  }
}

function auditChange(call: CmdletCall, { name }: Cmdlet, { changed }: CmdletOutput): void {
  if (changed === undefined) return
  const given = Object.entries(call.parameters).map(([parameter, value]) => [parameter, parameterText(value)])
  audited(call, (story, by) => story.exchangeAdmin(now, name, by, changed, Object.fromEntries(given)))
}

/** All values are texts: `True` and `False` too, lists with semicolons; nothing is empty. */
function parameterText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return [value ?? []].flat().map(String).join(';')
}

function mayRun({ wids }: Caller, { name, roles }: Cmdlet, { withheldCmdlets = [] }: Switches = {}): boolean {
  const isWithheld = withheldCmdlets.some((one) => one.toLowerCase() === name.toLowerCase())
  return !isWithheld && roles.some((role) => wids.includes(directoryRoles[role]))
}

/** Runs a cmdlet; the switches say what it makes of questions that nobody answers and of unknown identities. */
function outputOf(cmdlet: Cmdlet, call: CmdletCall): CmdletOutput {
  const { parameters, engine } = call
  const { asksForConfirmation, unknownIdentityReturns } = engine.world.switches ?? {}
  const isAgreed = parameters.Confirm === false || parameters.Force === true
  if (asksForConfirmation && !isAgreed && /^(Remove|Disable)-/.test(cmdlet.name)) {
    return { value: [], confirmation: `Are you sure you want to perform this action? ${cmdlet.name}` }
  }
  try {
    return cmdlet.run(call)
  } catch (error) {
    const isUnknown = error instanceof ExchangeError && error.status === 404 && textOf(parameters.Identity) !== null
    if (cmdlet.mutates || !isUnknown || unknownIdentityReturns === undefined) throw error
    if (unknownIdentityReturns === 'nothing') return { value: [] }
    return cmdlet.run({ ...call, parameters: { ...parameters, Identity: null } })
  }
}

function cmdletOf(body: unknown): Cmdlet | undefined {
  const input = isObject(body) ? body.CmdletInput : null
  const wanted = isObject(input) ? String(input.CmdletName).toLowerCase() : ''
  return cmdlets.find(({ name }) => name.toLowerCase() === wanted)
}

function page(
  { url, headers, caller }: Call,
  cmdlet: Cmdlet,
  { value: objects, warnings = [], confirmation }: CmdletOutput,
): object {
  const size = Number(/odata\.maxpagesize\s*=\s*(\d+)/i.exec(headers.prefer ?? '')?.[1] ?? pageSizeDefault)
  const offset = Number(
    /^\d+$/.exec(Buffer.from(url.searchParams.get('$skiptoken') ?? '', 'base64url').toString())?.[0] ?? 0,
  )
  const end = offset + Math.max(1, size)
  const select = url.searchParams.get('$select')
  const names = select === null ? null : select.split(',').map((name) => name.trim().toLowerCase())
  const root = `${url.origin}/adminapi/beta/${caller.tenant.id}`
  return {
    '@odata.context': `${root}/$metadata#Collection(Exchange.GenericHashTable)`,
    'adminapi.warnings@odata.type': '#Collection(String)',
    '@adminapi.warnings': warnings,
    ...(confirmation === undefined ? {} : { '@adminapi.confirmationmessage': confirmation }),
    ...(end < objects.length ? { '@odata.nextLink': nextLink(root, select, end) } : {}),
    value: objects.slice(offset, end).map((object) => annotated(object, cmdlet.properties, names)),
  }
}

function nextLink(root: string, select: string | null, offset: number): string {
  const selected = select === null ? '' : `$select=${encodeURIComponent(select)}&`
  return `${root}/InvokeCommand?${selected}$skiptoken=${Buffer.from(String(offset)).toString('base64url')}`
}

/** `ExchangeGuid@odata.type`, `ExchangeGuid@data.type` and the like stand before the property. */
const annotations: Record<PropertyType, { odata?: string; data?: string }> = {
  String: {},
  Boolean: {},
  Guid: { odata: '#Guid', data: 'System.Guid' },
  DateTime: { data: 'System.DateTime' },
  Int32: { data: 'System.Int32' },
  UInt64: { data: 'System.UInt64' },
  'Collection(String)': { odata: '#Collection(String)' },
}

function annotated(
  object: ExchangeObject,
  types: Readonly<Record<string, PropertyType>>,
  names: readonly string[] | null,
): ExchangeObject {
  const shown: ExchangeObject = {}
  for (const [name, value] of Object.entries(object)) {
    if (names && !names.includes(name.toLowerCase())) continue
    const { odata, data } = annotations[types[name] ?? 'String']
    if (odata) shown[`${name}@odata.type`] = odata
    if (data) shown[`${name}@data.type`] = data
    shown[name] = value
  }
  return shown
}
