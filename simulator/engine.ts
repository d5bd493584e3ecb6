import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { landRecords } from './audit/content.ts'
import { userChanged } from './audit/directory-changes.ts'
import { logged } from './audit/trail.ts'
import type { Call, Caller, Engine, Fault, JournalEntry, Reply } from './engine-types.ts'
import { type FaultHandle, Faults, type FaultTarget, type ValidFault } from './faults.ts'
import { type DirectoryState, History } from './history.ts'
import { randomNumbers, shuffled } from './random.ts'
import { isChange, isRead, refusal } from './replies.ts'
import { initialDomain, service } from './sample/record-forms.ts'
import type { Claims, SigningKeys } from './tokens.ts'
import { verifyToken } from './tokens.ts'
import type { Tenant, World } from './world.ts'

/** The engine with what the server, the login and the control paths need besides. */
export interface SimulatorEngine extends Engine {
  readonly keys: SigningKeys
  readonly startedAt: Date
  /** Entries with `seq` greater than the number. */
  journalSince(seq: number): JournalEntry[]
  /** Throws `InvalidFaultError`. */
  addFault(fault: Fault | ValidFault): FaultHandle
  /** Back to the world that the simulator was made with; journal and faults are emptied. */
  reset(): void
  /** Faults of a call that does not pass through `perform` (login). Null: go on. Throws `CutConnection`. */
  before(target: FaultTarget): Promise<Reply | null>
  /** Answers late after the effect. Throws `CutConnection` when a `resetAfter` fault matches. */
  after(target: FaultTarget): Promise<void>
  /** As `before` and `after`, with only those faults whose `path` names `$batch`. */
  beforeBatch(target: FaultTarget): Promise<Reply | null>
  afterBatch(target: FaultTarget): Promise<void>
  /** Runs one HTTP request; tells whether its connection must be cut. */
  watchConnection(work: () => Promise<void>): Promise<'cut' | 'kept'>
  tenant(id: string): Tenant | undefined
  stop(): void
}

export interface EngineOptions {
  world: World
  /** The world that a reset brings back; default: as `world` is now. */
  initial?: World
  keys: SigningKeys
  now?: () => Date
  startedAt?: Date
  /** Called after every change of the world. */
  onChange?: () => void
  /** Seed of everything that looks random. */
  seed?: number
}

class CutConnection extends Error {
  constructor() {
    super('The connection is cut.')
    this.name = 'CutConnection'
  }
}

export function createEngine(options: EngineOptions): SimulatorEngine {
  const { world, keys } = options
  const now = options.now ?? (() => new Date())
  const initial = structuredClone(options.initial ?? world)
  const faults = new Faults()
  const history = new History(() => now().getTime())
  const connection = new AsyncLocalStorage<{ cut: boolean }>()
  const reverts = new Set<NodeJS.Timeout>()
  const seed = options.seed ?? 1
  const random = randomNumbers(seed)
  let entries: JournalEntry[] = []
  let seq = 0
  let serials = 0

  const tenant = (id: string): Tenant | undefined => world.tenants.find((one) => one.id === id.toLowerCase())
  const directory = (id: string): DirectoryState | undefined => {
    const found = tenant(id)
    if (!found) return undefined
    return { tenant: found, applications: world.applications.filter(({ homeTenantId }) => homeTenantId === found.id) }
  }

  const journal: Engine['journal'] = (entry) => {
    seq += 1
    entries.push({ seq, at: now().toISOString(), ...entry })
  }

  const changed = (tenantId: string): void => {
    const state = faults.has('stale') ? directory(tenantId) : undefined
    if (state) history.remember(state)
    options.onChange?.()
  }

  const raise: Engine['raise'] = (where, records, at = now()) => {
    const content = landRecords(where, records, at, now(), { seed, settings: world.switches?.feed })
    changed(where.id)
    return content
  }

  const cut = (): never => {
    const current = connection.getStore()
    if (current) current.cut = true
    throw new CutConnection()
  }

  const before = async (target: FaultTarget): Promise<Reply | null> => {
    await faults.delay(target, { afterEffect: false })
    const fault = faults.take(target, 'throttle', 'status', 'resetBefore')
    if (!fault) return null
    if (fault.fault === 'resetBefore') return cut()
    if (fault.fault === 'throttle') return refusal(target.service, 429, undefined, fault.args?.retryAfter)
    return refusal(target.service, fault.args.status, fault.args.code)
  }

  const after = async (target: FaultTarget): Promise<void> => {
    await faults.delay(target, { afterEffect: true })
    if (faults.takeAfterEffect(target, 'resetAfter')) cut()
  }

  /** Directory synchronisation writes the on-premises state again: what a call disabled comes back on. */
  const revertLater = (target: FaultTarget, tenantId: string, disabled: string[]): void => {
    if (disabled.length === 0) return
    const fault = faults.take(target, 'syncReverts')
    if (!fault) return
    const timer = setTimeout(() => {
      reverts.delete(timer)
      const present = tenant(tenantId)
      if (present) enableBySync(engine, present, disabled)
    }, fault.args.ms)
    timer.unref()
    reverts.add(timer)
  }

  const perform: Engine['perform'] = async (service, call, handler) => {
    const tenantId = call.caller.tenant.id
    const reading = isRead(service, call)
    const path = `${call.url.pathname}${call.url.search}`
    const target = { service, method: call.method, path, tenantId, mutates: !reading }
    const record = (status: number, mutates: boolean): void =>
      journal({
        service,
        method: call.method,
        path,
        batchId: call.batchId,
        status,
        tenantId,
        appId: call.caller.appId,
        userId: call.caller.userId,
        mutates,
      })
    const changes = isChange(service, call)

    let reply: Reply | null
    try {
      reply = await before(target)
    } catch (error) {
      // Status 0: no answer was sent.
      record(0, changes)
      throw error
    }
    if (reply) {
      record(reply.status, changes)
      return { ...reply, mutates: changes }
    }

    const stale = reading ? faults.take(target, 'stale') : null
    const ignored = reading ? null : faults.take(target, 'ignored')
    const { tenant: present, applications } = call.caller
    const other = stale
      ? history.asOf(call.caller, stale.args.ms)
      : ignored && structuredClone({ tenant: present, applications })
    const synchronised = faults.peek(target, 'syncReverts') ? enabledSynchronisedUsers(call.caller.tenant) : []
    try {
      reply = await handler(other ? inState(call, other) : call)
    } catch (error) {
      record(500, changes)
      throw error
    }
    const failure = faults.takeAfterEffect(target, 'status')
    if (failure) reply = { ...refusal(service, failure.args.status, failure.args.code), mutates: reply.mutates }
    record(reply.status, reply.mutates)
    const stillEnabled = synchronised.length > 0 ? enabledSynchronisedUsers(call.caller.tenant) : []
    revertLater(
      target,
      tenantId,
      synchronised.filter((id) => !stillEnabled.includes(id)),
    )
    await after(target)
    return reply
  }

  const engine: SimulatorEngine = {
    world,
    keys,
    startedAt: options.startedAt ?? now(),
    now,
    shuffle: (items) => shuffled(items, random),
    authenticate: (authorization, audiences) => callerOf(authorization, audiences, keys, now(), directory),
    perform,
    CutConnection,
    journal,
    newId: () => randomUUID(),
    seed,
    raise,
    serial: () => {
      serials += 1
      return String(serials)
    },
    changed,
    journalSince: (after) => entries.filter((entry) => entry.seq > after),
    addFault: (fault) => {
      const handle = faults.add(fault)
      // Reads can be answered from the state of this moment on.
      if (fault.fault === 'stale') {
        for (const { id } of world.tenants) {
          const state = !fault.tenantId || fault.tenantId.toLowerCase() === id ? directory(id) : null
          if (state) history.remember(state)
        }
      }
      return handle
    },
    reset: () => {
      // In place, because services hold on to the world object.
      for (const name of Object.keys(world)) if (!(name in initial)) Reflect.deleteProperty(world, name)
      Object.assign(world, structuredClone(initial))
      entries = []
      seq = 0
      faults.clear()
      history.clear()
      for (const timer of reverts) clearTimeout(timer)
      reverts.clear()
      options.onChange?.()
    },
    before,
    after,
    beforeBatch: (target) => before({ ...target, isBatch: true }),
    afterBatch: (target) => after({ ...target, isBatch: true }),
    watchConnection: async (work) => {
      const current = { cut: false }
      await connection.run(current, work)
      return current.cut ? 'cut' : 'kept'
    },
    tenant,
    stop: () => {
      for (const timer of reverts) clearTimeout(timer)
    },
  }
  return engine
}

function enabledSynchronisedUsers(tenant: Tenant): string[] {
  return tenant.users.filter((user) => user.onPremisesSyncEnabled === true && user.accountEnabled).map(({ id }) => id)
}

function enableBySync(engine: Engine, tenant: Tenant, ids: readonly string[]): void {
  const by = service(`Sync_DC01_0a1b2c3d4e5f@${initialDomain(tenant)}`, 0)
  for (const user of tenant.users.filter(({ id }) => ids.includes(id))) {
    const before = { ...user }
    user.accountEnabled = true
    logged(engine, tenant, (story) => userChanged(story, by, user, before))
  }
}

/** The call as it would be in another state of its tenant. */
function inState(call: Call, { tenant, applications }: DirectoryState): Call {
  const user = tenant.users.find(({ id }) => id === call.caller.userId) ?? null
  return { ...call, caller: { ...call.caller, tenant, applications, user } }
}

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []

function callerOf(
  authorization: string | undefined,
  audiences: readonly string[],
  keys: SigningKeys,
  now: Date,
  directoryOf: (id: string) => DirectoryState | undefined,
): Caller | null {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  const claims: Claims | null = token ? verifyToken(keys, token, now) : null
  if (!claims || typeof claims.tid !== 'string' || typeof claims.aud !== 'string') return null
  const audience = claims.aud.replace(/\/$/, '')
  if (!audiences.some((allowed) => allowed.replace(/\/$/, '') === audience)) return null
  if (claims.iss !== `https://sts.windows.net/${claims.tid}/`) return null
  const directory = directoryOf(claims.tid)
  if (!directory || typeof claims.appid !== 'string') return null
  const { tenant, applications } = directory
  const userId = claims.idtyp !== 'app' && typeof claims.oid === 'string' ? claims.oid : null
  return {
    tenant,
    applications,
    appId: claims.appid,
    servicePrincipalId: tenant.servicePrincipals.find(({ appId }) => appId === claims.appid)?.id ?? null,
    userId,
    user: tenant.users.find(({ id }) => id === userId) ?? null,
    roles: texts(claims.roles),
    scopes: typeof claims.scp === 'string' ? claims.scp.split(' ') : [],
    wids: texts(claims.wids),
  }
}
