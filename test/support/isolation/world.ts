/** The sandbox's richest tenant several times over: the same people, apps, rules and records, under names and ids of its own each time. */
import { createHash } from 'node:crypto'
import { aTenant, aWorld, person, userOf, withApp } from '../../../simulator/builders.ts'
import { tourniquetApplication } from '../../../simulator/sample/application.ts'
import { sampleAuditRecords } from '../../../simulator/sample/audit-records.ts'
import type { AuditRecord } from '../../../simulator/sample/record-forms.ts'
import { sampleWorld } from '../../../simulator/sample/world.ts'
import type { Tenant, World } from '../../../simulator/world.ts'
import { roles } from '../../../src/context.ts'

/** In every name, address, title and rule of a tenant, and nowhere else. */
export const words = ['Quokka', 'Narwhal', 'Axolotl'] as const
export type Word = (typeof words)[number]

export interface MarkedTenant {
  word: Word
  tenant: Tenant
  records: AuditRecord[]
}

export interface MarkedWorld {
  world: World
  marked: readonly MarkedTenant[]
  /** Home of people who hold nothing by their token. */
  elsewhere: Tenant
}

export const guidsIn = (text: string): string[] => text.toLowerCase().match(guid) ?? []
const guid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi

/** Another one for each word, the same every time. */
export const guidFor = (word: string, id: string): string =>
  createHash('sha256')
    .update(`${word} ${id.toLowerCase()}`)
    .digest('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5')

export function aMarkedWorld(now: Date): MarkedWorld {
  const sample = sampleWorld()
  const [original, ...others] = sample.tenants
  if (!original) throw new Error('The sample has no tenant.')
  // Each at times of its own: no event of one tenant is of the same moment as one of another.
  const own = (index: number) =>
    sampleAuditRecords(new Date(now.getTime() - index * 7_000)).filter(
      ({ OrganizationId }) => OrganizationId === original.id,
    )
  const rest = sampleAuditRecords(now).filter(({ OrganizationId }) => OrganizationId !== original.id)
  const common = sample.applications.filter(({ homeTenantId }) => homeTenantId !== original.id)
  const homemade = sample.applications.filter(({ homeTenantId }) => homeTenantId === original.id)
  // Ids of Microsoft, of others' applications and of the partner are the same for everybody.
  const shared = new Set(guidsIn(JSON.stringify([others, common, rest])))
  const marked = words.map((word, index) => {
    const mark = markerOf(word, original, shared)
    const tenant = mark(original)
    withEveryRole(tenant, 'Ursula', word)
    return { word, tenant, records: mark(own(index)), applications: mark(homemade) }
  })
  const application = tourniquetApplication()
  const elsewhere = aTenant({
    name: 'Elsewhere',
    people: ['Gerda', 'Rolf', 'Tess', 'Stella'].map((name) => person(name)),
  })
  withApp(elsewhere, application, { permissions: [] })
  const world = aWorld({
    tenants: [...marked.map(({ tenant }) => tenant), ...others, elsewhere],
    applications: [...common, ...marked.flatMap(({ applications }) => applications)],
  })
  return { world, marked, elsewhere }
}

/** Copies a value with names and ids of the word. */
function markerOf(word: Word, original: Tenant, shared: ReadonlySet<string>): <T>(value: T) => T {
  const people = new RegExp(`\\b(${original.users.map(({ displayName }) => displayName).join('|')})\\b`, 'g')
  const rules = new Set([
    ...original.mailboxes.flatMap(({ inboxRules }) => inboxRules.map(({ displayName }) => displayName)),
    ...original.transportRules.map(({ Name }) => Name),
  ])
  const marked = (text: string): string =>
    (rules.has(text) ? `${text} ${word}` : text.replace(people, `$1 ${word}`))
      .replaceAll('Northwind', word)
      .replaceAll('northwind', word.toLowerCase())
      .replace(guid, (id) => {
        if (shared.has(id.toLowerCase())) return id
        const other = guidFor(word, id)
        return id === id.toLowerCase() ? other : other.toUpperCase()
      })
  const copy = (value: unknown): unknown => {
    if (typeof value === 'string') return marked(value)
    if (Array.isArray(value)) return value.map(copy)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [marked(key), copy(item)]))
  }
  // A copy has the form of what it is a copy of.
  return <T>(value: T): T => copy(value) as T
}

/** Lets somebody do everything in the tenant by the roles of the token. */
function withEveryRole(tenant: Tenant, name: string, word: Word): void {
  withApp(tenant, tourniquetApplication(), { permissions: [], people: { [`${name} ${word}`]: roles } })
}

export const personOf = ({ tenant, word }: MarkedTenant, name: string) => ({
  tenantId: tenant.id,
  userId: userOf(tenant, `${name} ${word}`).id,
})
