/** One `InvokeCommand`: rights → cmdlet → parameters → answer, with errors in Exchange's form. */
import { randomUUID } from 'node:crypto'
import { directoryRoles } from '../directory-roles.ts'
import type { Call, Caller, Engine, Reply } from '../engine-types.ts'
import {
  type Cmdlet,
  type CmdletOutput,
  type ExchangeObject,
  type ParameterType,
  type PropertyType,
  readers,
} from './cmdlet.ts'
import { cmdlets } from './cmdlets.ts'
import {
  cmdletErrorReply,
  cmdletNotAvailable,
  ExchangeError,
  plainErrorReply,
  unauthenticated,
  unknownParameter,
  wrongType,
} from './errors.ts'

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
export function refusalOf({ userId, roles, scopes, wids, appId }: Caller): Reply | null {
  if (userId !== null) return scopes.includes('Exchange.Manage') ? null : unauthenticated()
  if (!roles.includes('Exchange.ManageAsApp')) return unauthenticated()
  if (readers.some((name) => wids.includes(directoryRoles[name]))) return null
  return plainErrorReply(
    403,
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
  const cmdlet = cmdletOf(body)
  const mutates = cmdlet?.mutates ?? false
  const refusal = refusalOf(caller)
  if (refusal) return { ...refusal, mutates }
  if (!isOwnTenant(caller, call.url)) return plainErrorReply(403, 'Forbidden', otherTenant, mutates)
  const input = isObject(body) ? body.CmdletInput : null
  if (!isObject(input) || typeof input.CmdletName !== 'string') {
    return plainErrorReply(400, 'BadRequest', 'The request has no CmdletInput.CmdletName.')
  }
  if (!cmdlet?.roles.some((name) => caller.wids.includes(directoryRoles[name]))) return cmdletNotAvailable(mutates)
  try {
    const parameters = parametersOf(cmdlet, input.Parameters ?? {})
    const output = cmdlet.run({ engine, caller, tenant: caller.tenant, parameters })
    return { status: 200, body: page(call, cmdlet, output), mutates }
  } catch (error) {
    if (error instanceof ExchangeError) return cmdletErrorReply(error, mutates)
    throw error
  }
}

function cmdletOf(body: unknown): Cmdlet | undefined {
  const input = isObject(body) ? body.CmdletInput : null
  const wanted = isObject(input) ? String(input.CmdletName).toLowerCase() : ''
  return cmdlets.find(({ name }) => name.toLowerCase() === wanted)
}

/** Taken by every cmdlet, without an effect here. */
const commonParameters: Readonly<Record<string, ParameterType>> = {
  Confirm: 'boolean',
  ErrorAction: 'text',
  WarningAction: 'text',
  Verbose: 'boolean',
  ResultSize: 'text',
}

function parametersOf({ name: cmdlet, parameters }: Cmdlet, given: unknown): Record<string, unknown> {
  if (!isObject(given)) throw wrongType('Parameters')
  const known = Object.entries({ ...commonParameters, ...parameters })
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const [declared, type] = known.find(([one]) => one.toLowerCase() === name.toLowerCase()) ?? []
      if (declared === undefined || type === undefined) throw unknownParameter(cmdlet, name)
      return [declared, argument(declared, type, value)]
    }),
  )
}

function argument(name: string, type: ParameterType, value: unknown): unknown {
  if (value === null) return null
  if (type === 'texts') {
    const list = Array.isArray(value) ? value : [value]
    if (list.every((item) => typeof item === 'string')) return list
  }
  if (type === 'text' && (typeof value === 'string' || typeof value === 'number')) return String(value)
  if (typeof value === type) return value
  throw wrongType(name)
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

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
