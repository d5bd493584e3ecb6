/** `/control`: what happened, what is, what shall go wrong. Only ever in the simulator, without a token. */
import { Hono } from 'hono'
import { z } from 'zod'
import { keptItems } from './deletion.ts'
import type { SimulatorEngine } from './engine.ts'
import { InvalidFaultError, parseFault } from './faults.ts'
import { grantedPermissions } from './grants.ts'
import { ruleIdentityOf } from './inbox-rules.ts'
import { LoginError } from './login/errors.ts'
import { issueToken } from './login/issue.ts'
import type { AuditRecord } from './sample/record-forms.ts'
import type { FeedSettings, InboxRule, Mailbox, Switches, Tenant, World } from './world.ts'

/** Audit records of the made-up tenants, with times before `now`. */
export type AuditRecords = (now: Date) => readonly AuditRecord[]

export interface ControlOptions {
  auditRecords?: AuditRecords
  sample?: object
  /** Where the mail sink listens, for `GET /control/sample`. */
  smtpUrl?: () => string | null
}

const tokenSchema = z
  .strictObject({
    tenantId: z.guid(),
    userId: z.guid().optional(),
    appId: z.guid().optional(),
    audience: z.string().min(1).optional(),
    expiresInSeconds: z.number().int().min(-86_400).max(86_400).optional(),
  })
  .refine(({ userId, appId }) => userId !== undefined || appId !== undefined, {
    path: ['userId'],
    message: 'userId or appId is needed',
  })

/** `POST /control/switches` changes those that it names; null puts one back. */
const switchesSchema = z.strictObject({
  revokeRefusesAdminTargets: z.boolean().nullish(),
  revokeAnswers204: z.boolean().nullish(),
  batchFailsWhole424: z.boolean().nullish(),
  readOnlyRuleAnswers403: z.boolean().nullish(),
  operationStatusPascalCase: z.boolean().nullish(),
  lastGlobalAdministratorCanBeDisabled: z.boolean().nullish(),
  pollsBeforeResetEnds: z.number().int().min(0).max(1000).nullish(),
  resetRetryAfter: z.number().min(0).max(3600).nullish(),
  microsoftAppsReappear: z.boolean().nullish(),
  restoreWithoutGrants: z.boolean().nullish(),
  conditionalAccess: z.enum(['blockSignIn', 'blockToken', 'requireMfa']).nullish(),
  withheldCmdlets: z.array(z.string().min(1)).nullish(),
  unknownIdentityReturns: z.enum(['everything', 'nothing']).nullish(),
  asksForConfirmation: z.boolean().nullish(),
  inheritedAccessAnswers400: z.boolean().nullish(),
  absentAccessAnswers400: z.boolean().nullish(),
  cmdletErrorsAnswer500: z.boolean().nullish(),
  cmdletErrorTextInside: z.boolean().nullish(),
  unsupportedRoleStatus: z.union([z.literal(400), z.literal(401), z.literal(403)]).nullish(),
  exchange401IsHtml: z.boolean().nullish(),
  refusedRecipients: z.array(z.string().min(1)).nullish(),
  auditingOffAnswers: z.enum(['AF20011', 'AF20012', 'AF20013']).nullish(),
  feed: z
    .strictObject({
      delayMs: z.number().int().min(0).max(86_400_000),
      duplicates: z.boolean(),
      shuffled: z.boolean(),
      unknownRecords: z.boolean(),
      blobSize: z.number().int().min(1).max(10_000),
      pageSize: z.number().int().min(1).max(10_000),
      historyHours: z.number().min(0).max(24),
    } satisfies Record<keyof FeedSettings, z.ZodType>)
    .partial()
    .nullish(),
} satisfies Record<keyof Switches, z.ZodType>)

/** `POST /control/records`: as the records are, with whatever they lack. */
const recordsSchema = z.strictObject({
  tenantId: z.guid(),
  records: z.array(z.record(z.string(), z.unknown())),
  /** When they were raised; default: now. */
  at: z.iso.datetime().optional(),
})

export function controlApp(engine: SimulatorEngine, options: ControlOptions = {}): Hono {
  const app = new Hono()

  app.get('/journal', (c) => {
    const since = Number(c.req.query('since') ?? '0')
    if (!Number.isInteger(since) || since < 0) return c.json(fieldError('since', 'since: must be a whole number'), 400)
    return c.json(engine.journalSince(since))
  })

  app.get('/state', (c) => c.json(stateOf(engine.world, engine.now())))

  app.post('/faults', async (c) => {
    try {
      const fault = parseFault(await c.req.json().catch(() => null))
      engine.addFault(fault)
      return c.json(fault, 201)
    } catch (error) {
      if (error instanceof InvalidFaultError) return c.json(fieldError(error.field, error.message), 400)
      throw error
    }
  })

  app.post('/reset', (c) => {
    engine.reset()
    return c.body(null, 204)
  })

  app.post('/token', async (c) => {
    const parsed = tokenSchema.safeParse(await c.req.json().catch(() => null))
    if (!parsed.success) return c.json(faultOf(parsed.error), 400)
    try {
      return c.json(issueToken(engine, new URL(c.req.url).origin, parsed.data))
    } catch (error) {
      if (error instanceof LoginError) return c.json(fieldError('tenantId', error.description), 400)
      throw error
    }
  })

  app.get('/switches', (c) => c.json(engine.world.switches ?? {}))

  app.post('/switches', async (c) => {
    const parsed = switchesSchema.safeParse(await c.req.json().catch(() => null))
    if (!parsed.success) return c.json(faultOf(parsed.error), 400)
    const given = Object.entries(parsed.data).filter(([, value]) => value !== null)
    const kept = Object.entries(engine.world.switches ?? {}).filter(([name]) => !(name in parsed.data))
    engine.world.switches = Object.fromEntries([...kept, ...given])
    engine.changed('')
    return c.json(engine.world.switches)
  })

  app.get('/audit-records', (c) => {
    const records = options.auditRecords?.(engine.startedAt) ?? []
    const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('')
    return c.body(lines, 200, { 'Content-Type': 'application/x-ndjson; charset=utf-8' })
  })

  app.post('/records', async (c) => {
    const parsed = recordsSchema.safeParse(await c.req.json().catch(() => null))
    if (!parsed.success) return c.json(faultOf(parsed.error), 400)
    const { tenantId, records, at } = parsed.data
    const tenant = engine.tenant(tenantId)
    if (!tenant) return c.json(fieldError('tenantId', 'tenantId: there is no such tenant'), 400)
    const content = engine.raise(tenant, records, at === undefined ? undefined : new Date(at))
    return c.json(
      content.map(({ records: held, ...shown }) => ({ ...shown, records: held.length })),
      201,
    )
  })

  app.get('/sample', (c) => c.json({ ...options.sample, smtpUrl: options.smtpUrl?.() ?? null }))

  app.notFound((c) => c.json(fieldError('path', `${c.req.path} is no control path`), 404))
  return app
}

function faultOf({ issues: [issue] }: z.ZodError): object {
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const field = [...(issue?.path ?? []), ...unknown].join('.') || 'body'
  return fieldError(field, `${field}: ${issue?.message ?? 'invalid'}`)
}

const fieldError = (field: string, message: string): object => ({ error: { code: 'BadRequest', message, field } })

/** The present state with Graph's and Exchange's property names; secrets are left out. */
export function stateOf(world: World, now = new Date()): object {
  return {
    tenants: world.tenants.map((tenant) => ({
      id: tenant.id,
      displayName: tenant.displayName,
      users: tenant.users.map((user) => {
        const mailbox = tenant.mailboxes.find((one) => one.externalDirectoryObjectId === user.id)
        return {
          id: user.id,
          userPrincipalName: user.userPrincipalName,
          displayName: user.displayName,
          accountEnabled: user.accountEnabled,
          signInSessionsValidFromDateTime: user.signInSessionsValidFromDateTime,
          lastPasswordChangeDateTime: user.lastPasswordChangeDateTime,
          hasMailbox: mailbox !== undefined,
          forwarding: forwardingOf(mailbox),
          inboxRules: (mailbox?.inboxRules ?? []).map(inboxRuleState),
          outlookRules: mailbox?.outlookRules ?? [],
          grantSendOnBehalfTo: mailbox?.grantSendOnBehalfTo ?? [],
          forceChangePasswordNextSignIn: user.forceChangePasswordNextSignIn ?? false,
        }
      }),
      servicePrincipals: tenant.servicePrincipals.map(({ appRoles, oauth2PermissionScopes, ...shown }) => shown),
      applications: applicationsOf(world, tenant),
      deletedItems: keptItems(tenant, now).map(({ type, deletedDateTime, object: { id, appId, displayName } }) => ({
        '@odata.type': `#microsoft.graph.${type}`,
        id,
        appId,
        displayName,
        deletedDateTime,
      })),
      teamsInstallations: tenant.teamsInstallations,
      transportRules: tenant.transportRules.map((rule) => ({ Identity: rule.Name, ...rule })),
      mailboxPermissions: tenant.mailboxPermissions,
      recipientPermissions: tenant.recipientPermissions,
      mailboxFolderPermissions: tenant.mailboxFolderPermissions,
      activitySubscriptions: tenant.activitySubscriptions ?? [],
      grantedPermissions: grantedPermissions(tenant),
    })),
    mails: world.mails,
  }
}

/** Complete, with what only Exchange shows. */
const inboxRuleState = (rule: InboxRule): object => ({
  ...rule,
  isHidden: rule.isHidden ?? false,
  ruleIdentity: ruleIdentityOf(rule),
})

/** Null when nothing is forwarded. */
function forwardingOf(mailbox: Mailbox | undefined): object | null {
  if (!mailbox) return null
  const { forwardingAddress, forwardingSmtpAddress, deliverToMailboxAndForward } = mailbox
  if (!forwardingAddress && !forwardingSmtpAddress) return null
  return { forwardingAddress, forwardingSmtpAddress, deliverToMailboxAndForward }
}

function applicationsOf(world: World, tenant: Tenant): object[] {
  return world.applications
    .filter(({ homeTenantId }) => homeTenantId === tenant.id)
    .map(({ id, appId, displayName }) => ({ id, appId, displayName }))
}
