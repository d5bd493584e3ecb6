/** The command as people and scripts use it: its own process, as `npm run build` makes it, a real database. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { canary } from '../../test/support/canary/canary.ts'
import { shownOnce } from '../../test/support/canary/shown-once.ts'
import { ownerSql } from '../../test/support/owner-sql.ts'
import { aDatabase } from '../../test/support/postgres.ts'
import { aSealingKey } from '../../test/support/sealing-key.ts'
import { pageOfAuditEntries } from '../db/audit.ts'
import { signInOperator } from '../db/operators.ts'

const root = resolve(import.meta.dirname, '../..')
const contoso = '5f1c7a52-0000-4000-8000-00000000c001'
const litware = '5f1c7a52-0000-4000-8000-00000000c002'
const ada = `person:${contoso}/5f1c7a52-0000-4000-8000-00000000c0a1`

const sealingKey = aSealingKey().toString('base64')
let database: Awaited<ReturnType<typeof aDatabase>>
let folder: string
beforeAll(async () => {
  database = await aDatabase()
  folder = await mkdtemp(join(tmpdir(), 'tourniquet-cli-'))
  const built = spawnSync(process.execPath, [join(root, 'scripts/build.ts'), '--outdir', join(folder, 'dist')], {
    encoding: 'utf8',
  })
  if (built.status !== 0) throw new Error(`${built.stdout}${built.stderr}`)
})
afterAll(async () => {
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

function tourniquet(...args: string[]) {
  return withEnvironment({ DATABASE_URL: database.url, SEALING_KEY: sealingKey }, ...args)
}

function withEnvironment(env: Record<string, string>, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'dist/cli.js'), ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
  })
  canary.written('output of a process', `tourniquet ${args[0]}`, `${shownOnce(stdout)}${stderr}`)
  return { status, stdout, stderr }
}

const json = ({ stdout }: { stdout: string }) => JSON.parse(stdout)

async function auditNames(tenantId: string): Promise<string[]> {
  const page = await database.db.withTenants([tenantId], (tx) => pageOfAuditEntries(tx, tenantId, { first: 100 }))
  return page.entries.map(({ name }) => name).reverse()
}

test('a tenant is PENDING until its administrator has consented, and everything done to it is in the audit', async () => {
  expect(tourniquet('tenants', 'connect', contoso).stderr).toContain('--name')
  expect(json(tourniquet('tenants', 'connect', contoso, '--name', 'Contoso', '--json')).tenant).toEqual({
    id: contoso,
    name: 'Contoso',
    status: 'PENDING',
  })
  expect(tourniquet('tenants', 'connect', contoso.toUpperCase(), '--consented').stdout).toContain(
    'Contoso is CONNECTED',
  )
  expect(tourniquet('tenants', 'disconnect', contoso).status).toBe(0)
  expect(json(tourniquet('tenants', 'list', '--json')).tenants).toEqual([
    { id: contoso, name: 'Contoso', status: 'DISCONNECTED' },
  ])
  expect(await auditNames(contoso)).toEqual(['tenant.connected', 'tenant.connected', 'tenant.disconnected'])
})

test('a person, and the members of a partner, are granted access and lose it', () => {
  expect(tourniquet('partners', 'create', 'Litware', '--tenant', litware).status).toBe(0)
  const roles = ['--role', 'Events.Read', '--role', 'Remediations.User']
  expect(tourniquet('access', 'grant', 'partner:Litware', '--tenant', contoso, ...roles).status).toBe(0)
  expect(tourniquet('access', 'grant', ada, '--tenant', contoso, ...roles, '--name', 'Ada').status).toBe(0)
  expect(json(tourniquet('access', 'list', '--json')).grants).toMatchObject([
    { operator: ada, name: 'Ada', tenantId: contoso, roles: ['Events.Read', 'Remediations.User'] },
    { operator: 'partner:Litware', tenantId: contoso },
  ])
  expect(tourniquet('access', 'revoke', ada, '--tenant', contoso).status).toBe(0)
  const again = tourniquet('access', 'revoke', ada, '--tenant', contoso)
  expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining('holds no grant') })
  expect(json(tourniquet('access', 'list', '--json')).grants).toHaveLength(1)
})

test('a technician acts through its partner only as a member that an administrator named, in the audit of every tenant', async () => {
  const gloria = `person:${litware}/5f1c7a52-0000-4000-8000-00000000c0b2`
  const member = (...args: string[]) => tourniquet('partners', ...args)
  const rolesOf = async () => {
    const identity = { kind: 'PERSON' as const, tenantId: litware, externalId: gloria.split('/')[1] ?? '' }
    const { grants } = await database.db.plain((tx) => signInOperator(tx, { ...identity, displayName: 'Gloria' }))
    return grants
  }
  expect(await rolesOf()).toEqual([])
  expect(member('add-member', 'litware', `${gloria}9`)).toMatchObject({ status: 2 })
  expect(json(member('add-member', 'litware', gloria, '--name', 'Gloria', '--json'))).toMatchObject({
    partner: 'Litware',
    tenantIds: [contoso],
  })
  expect(member('add-member', 'Litware', gloria).status).toBe(0)
  expect(await rolesOf()).toMatchObject([{ tenantId: contoso, roles: ['Events.Read', 'Remediations.User'] }])
  expect(member('list').stdout).toContain(gloria)

  expect(member('create', 'Wingtip Toys', '--tenant', contoso).status).toBe(0)
  const another = member('add-member', 'Wingtip Toys', gloria)
  expect(another).toMatchObject({ status: 1, stderr: expect.stringContaining('remove it there first') })
  expect(member('remove-member', 'Wingtip Toys', gloria).stderr).toContain('no member of Wingtip Toys')

  expect(member('remove-member', 'Litware', gloria).status).toBe(0)
  expect(member('remove-member', 'Litware', gloria).status).toBe(1)
  expect(await rolesOf()).toEqual([])
  // Saying it twice was recorded once.
  expect((await auditNames(contoso)).slice(-2)).toEqual(['access.granted', 'access.revoked'])
})

test('granting another role keeps the name and the roles that a person has', () => {
  tourniquet('access', 'grant', ada, '--tenant', contoso, '--role', 'Events.Read', '--name', 'Ada')
  tourniquet('access', 'grant', ada, '--tenant', contoso, '--role', 'Audit.Read')
  expect(json(tourniquet('access', 'list', '--tenant', contoso, '--json')).grants).toContainEqual(
    expect.objectContaining({ operator: ada, name: 'Ada', roles: ['Audit.Read', 'Events.Read'] }),
  )
})

test('an API key is shown once and ends when it is revoked', async () => {
  const made = json(tourniquet('keys', 'create', 'nightly', '--tenant', contoso, '--role', 'Events.Ingest', '--json'))
  expect(made.key).toMatch(/^tq_/)
  const aYear = 365 * 24 * 60 * 60_000
  expect(Math.abs(Date.parse(made.expiresAt) - Date.now() - aYear)).toBeLessThan(60_000)
  const listed = tourniquet('keys', 'list')
  expect(listed.stdout).toMatch(/LAST USED/)
  expect(listed.stdout).toContain(made.id)
  expect(listed.stdout).not.toContain(made.key)
  expect(tourniquet('keys', 'revoke', made.id).status).toBe(0)
  expect(tourniquet('keys', 'revoke', made.id)).toMatchObject({ status: 1, stderr: expect.stringContaining('before') })
  expect((await auditNames(contoso)).slice(-2)).toEqual(['api_key.created', 'api_key.revoked'])
})

test('a key has no end on request only', () => {
  const create = (expires: string) =>
    tourniquet('keys', 'create', 'pager', '--tenant', contoso, '--role', 'Events.Read', '--expires', expires, '--json')
  expect(json(create('never'))).toMatchObject({ expiresAt: null })
  expect(json(create('2099-01-31'))).toMatchObject({ expiresAt: '2099-01-31T00:00:00.000Z' })
  expect(create('soon')).toMatchObject({ status: 2, stderr: expect.stringContaining('never') })
  expect(create('2020-01-31').status).toBe(2)
  const { keys } = json(tourniquet('keys', 'list', '--json'))
  expect(keys).toContainEqual(expect.objectContaining({ name: 'pager', expiresAt: null, lastUsedAt: null }))
})

test('an import counts every line, keeps what is readable, and adds nothing the second time', () => {
  const record = (id: string, tenantId?: string) =>
    JSON.stringify({
      Id: id,
      CreationTime: '2026-03-04T05:06:07',
      Operation: 'Disable account.',
      RecordType: 8,
      Workload: 'AzureActiveDirectory',
      ResultStatus: 'Success',
      UserId: 'gloria@contoso.com',
      UserType: 0,
      UserKey: '10030000A0B0C0D0',
      Version: 1,
      ObjectId: 'bo@contoso.com',
      ...(tenantId && { OrganizationId: tenantId }),
    })
  const file = join(folder, 'records.jsonl')
  writeFileSync(file, `${record('a', contoso)}\n\n{"half\n${record('b')}\n`)
  const first = tourniquet('import', file, '--json')
  expect(first.status).toBe(1)
  expect(json(first)).toMatchObject({ lines: 3, noTenant: 1, unreadableTotal: 1, unreadable: [{ line: 3 }] })
  expect(tourniquet('import', file).stdout).toMatch(/line 3: .*\n*/)
  const whole = tourniquet('import', file, '--tenant', contoso, '--json')
  expect(json(whole)).toMatchObject({ lines: 3, noTenant: 0, duplicates: 1 })
})

test('the audit is verified and exported, which is in the audit, too', async () => {
  expect(tourniquet('audit', 'verify')).toMatchObject({ status: 0, stdout: expect.stringContaining('sound') })
  const lines = tourniquet('audit', 'export', '--tenant', contoso).stdout.trimEnd().split('\n')
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ head: { tenantId: contoso, seq: lines.length - 1 } })
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ name: 'audit.verified', seq: lines.length - 1 })
  const whole = json(tourniquet('audit', 'export', '--tenant', contoso, '--json'))
  expect(whole).toMatchObject({ tenantId: contoso, head: { seq: lines.length }, fault: null })
  expect(whole.entries).toHaveLength(lines.length)
  expect((await auditNames(contoso)).slice(-2)).toEqual(['audit.exported', 'audit.exported'])
})

test('the audit is exported as OCSF events, one a line', () => {
  const [head, ...events] = tourniquet('audit', 'export', '--tenant', contoso, '--format', 'ocsf')
    .stdout.trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(head).toMatchObject({ class_uid: 0, unmapped: { head: { tenantId: contoso, seq: events.length } } })
  expect(events[0]).toMatchObject({ metadata: { version: '1.6.0', event_code: 'audit.exported', tenant_uid: contoso } })
})

test.each([
  ['an export', ['audit', 'export', '--tenant', contoso]],
  ['an export as OCSF events', ['audit', 'export', '--tenant', contoso, '--format', 'ocsf']],
  ['an export as one object', ['audit', 'export', '--tenant', contoso, '--json']],
])('the audit is verified against the head of %s', (_, args) => {
  const file = join(folder, 'kept.jsonl')
  writeFileSync(file, tourniquet(...args).stdout)
  const found = json(tourniquet('audit', 'verify', '--head', file, '--json'))
  expect(found).toMatchObject({ sound: true })
  expect(found.tenants).toContainEqual(expect.objectContaining({ tenantId: contoso, keptHeads: 1, fault: null }))
  const none = join(folder, 'none.jsonl')
  writeFileSync(none, '{"name":"audit.verified"}\n')
  expect(tourniquet('audit', 'verify', '--head', none)).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/no signed head/),
  })
  expect(tourniquet('audit', 'verify', '--head', join(folder, 'nowhere')).status).toBe(1)
})

test('in the folder of a sandbox, the audit is verified with its database and its keys', () => {
  const sandbox = join(folder, 'sandbox')
  mkdirSync(sandbox)
  writeFileSync(join(sandbox, 'credentials.json'), JSON.stringify({ databaseUrl: database.url }))
  writeFileSync(join(sandbox, 'sealing-key'), `${sealingKey}\n`)
  const found = withEnvironment({ SANDBOX_DIR: sandbox }, 'audit', 'verify', '--tenant', contoso, '--json')
  expect(found).toMatchObject({ status: 0, stderr: expect.stringContaining('using the sandbox') })
  expect(json(found)).toMatchObject({ sound: true, tenants: [{ tenantId: contoso, signedUpTo: expect.any(Number) }] })
})

test('a trail that was cut, its head and its signed heads with it, is found by a head that was kept', async () => {
  const wingtip = '5f1c7a52-0000-4000-8000-00000000c009'
  const file = join(folder, 'wingtip.jsonl')
  tourniquet('tenants', 'connect', wingtip, '--name', 'Wingtip Toys')
  tourniquet('tenants', 'disconnect', wingtip)
  writeFileSync(file, tourniquet('audit', 'export', '--tenant', wingtip).stdout)
  for (const table of ['audit_entry', 'audit_signed_head', 'audit_head'])
    await ownerSql(database, `delete from ${table} where tenant_id = '${wingtip}'`)
  const verifying = ['audit', 'verify', '--tenant', wingtip, '--json']
  expect(tourniquet(...verifying)).toMatchObject({ status: 0 })
  const found = tourniquet(...verifying, '--head', file)
  expect(found.status).toBe(1)
  expect(json(found)).toMatchObject({ sound: false, tenants: [{ tenantId: wingtip, keptHeads: 1, fault: { seq: 2 } }] })

  await ownerSql(database, `update audit_entry set name = 'x' where tenant_id = '${wingtip}' and seq = 1`)
  const exported = tourniquet('audit', 'export', '--tenant', wingtip)
  expect(exported).toMatchObject({ status: 1, stderr: expect.stringMatching(/broken: entry 1/) })
  expect(exported.stdout.trimEnd().split('\n')).toHaveLength(2)
  await ownerSql(database, `delete from audit_entry where tenant_id = '${wingtip}'`)
  await ownerSql(database, `delete from audit_head where tenant_id = '${wingtip}'`)
})

test.each([
  [['access', 'grant', 'ada', '--tenant', contoso, '--role', 'Events.Read'], /names no operator/],
  [['access', 'grant', ada, '--tenant', contoso, '--role', 'events.read'], /no role. Roles: Events\.Read/],
  [['access', 'grant', ada, '--tenant', 'contoso.com', '--role', 'Events.Read'], /no tenant id/],
  [['keys', 'create', 'x', '--tenant', contoso, '--role', 'Events.Read', '--expires', '2020-01-01'], /past/],
  [['keys', 'revoke', 'x'], /keys list/],
  [['tenants', 'lst'], /Did you mean list/],
  [['audit', 'export', '--tenant', contoso, '--format', 'csv'], /Allowed choices are jsonl, ocsf/],
  [['import'], /missing required argument 'file'/],
  [['partners', 'add-member', 'Litware', 'partner:Litware'], /not a partner/],
  [['partners', 'add-member', 'Litware', ada.replace('c0a1', 'c0ff')], /add --name/],
])('wrong use of %j is said in a sentence, with exit status 2', (args, sentence) => {
  const { status, stderr } = tourniquet(...args)
  expect(stderr).toMatch(sentence)
  expect(stderr).not.toContain('    at ')
  expect(status).toBe(2)
})

test.each([
  [{ DATABASE_URL: 'postgres://app:x@127.0.0.1:1/none' }, ['tenants', 'list'], /nothing answers there/],
  [{ SANDBOX_DIR: '/nowhere' }, ['tenants', 'list'], /set DATABASE_URL/],
  [{ SANDBOX_DIR: '/nowhere' }, ['migrate'], /DATABASE_MIGRATION_URL/],
  [{ SANDBOX_DIR: '/nowhere' }, ['serve'], /DATABASE_URL is missing/],
  [{ DATABASE_URL: 'postgres://app:x@127.0.0.1:1/none' }, ['audit', 'verify'], /SEALING_KEY is not set/],
  [{ DATABASE_URL: 'postgres://app:x@127.0.0.1:1/none', SEALING_KEY: 'x' }, ['audit', 'verify'], /must be 32 bytes/],
  [{ DATABASE_URL: 'postgres://app:x@127.0.0.1:1/none' }, ['import', '/nowhere/x'], /cannot be read \(ENOENT\)/],
])('with %j, %j says what to do, with exit status 1', (env, args, sentence) => {
  const { status, stderr } = withEnvironment(env, ...args)
  expect(stderr).toMatch(sentence)
  expect(stderr).not.toContain('    at ')
  expect(status).toBe(1)
})

test('--json answers a fault with one JSON object', () => {
  expect(json(tourniquet('keys', 'revoke', 'x', '--json')).error).toContain('keys list')
})
