/** Inbox rules as Graph knows them: hidden ones are not there, what Graph cannot express is read-only. */
import { audited, now } from '../audit/trail.ts'
import { inboxRuleParameters } from '../exchange/inbox-rule-object.ts'
import { loseOutlookRules, ruleIdentityOf } from '../inbox-rules.ts'
import type { InboxRule, Mailbox, User } from '../world.ts'
import { GraphError } from './errors.ts'
import { accessDenied, mailboxOfRequest } from './mailbox.ts'
import { readMailboxSettings, writeMailboxSettings } from './permissions.ts'
import { type EntityShape, entityReply, type Json, listReply } from './query.ts'
import { type GraphReply, type GraphRequest, noContent, param, type Route } from './route.ts'

const properties = [
  ...['id', 'displayName', 'sequence', 'isEnabled', 'hasError', 'isReadOnly', 'conditions', 'exceptions', 'actions'],
]
const shape: EntityShape = { type: 'messageRule', properties, defaults: properties }
const list = '/users/{id}/mailFolders/{folder}/messageRules'
const common = { workload: 'outlook' } as const

export const messageRuleRoutes: readonly Route[] = [
  {
    ...common,
    method: 'GET',
    pattern: list,
    permissions: readMailboxSettings,
    query: ['$select', '$top'],
    handler: (request) => {
      const { user, mailbox } = inboxOf(request)
      const rules = visibleRules(mailbox).toSorted((one, other) => one.sequence - other.sequence)
      return listReply(request, rules, { context: contextOf(user), shape, json: ruleJson })
    },
  },
  {
    ...common,
    method: 'GET',
    pattern: `${list}/{ruleId}`,
    permissions: readMailboxSettings,
    query: ['$select'],
    handler: (request) => {
      const { user, rule } = ruleOf(request)
      return entityReply(request, ruleJson(rule), { context: contextOf(user), shape })
    },
  },
  {
    ...common,
    method: 'PATCH',
    pattern: `${list}/{ruleId}`,
    permissions: writeMailboxSettings,
    mutates: true,
    handler: update,
  },
  {
    ...common,
    method: 'DELETE',
    pattern: `${list}/{ruleId}`,
    permissions: writeMailboxSettings,
    mutates: true,
    handler: (request) => {
      const { mailbox, rule } = changeable(request)
      mailbox.inboxRules = mailbox.inboxRules.filter((one) => one !== rule)
      return changed(request, mailbox, rule, 'Remove-InboxRule', noContent())
    },
  },
]

const contextOf = ({ id }: User): string => `users('${id}')/mailFolders('inbox')/messageRules`

const visibleRules = ({ inboxRules }: Mailbox): InboxRule[] => inboxRules.filter(({ isHidden }) => isHidden !== true)

/** Rules exist in the inbox only. */
function inboxOf(request: GraphRequest): { user: User; mailbox: Mailbox } {
  const found = mailboxOfRequest(request)
  if (param(request, 'folder').toLowerCase() !== 'inbox') {
    throw new GraphError(404, 'ErrorItemNotFound', 'The specified folder could not be found in the store.')
  }
  return found
}

function ruleOf(request: GraphRequest): { user: User; mailbox: Mailbox; rule: InboxRule } {
  const { user, mailbox } = inboxOf(request)
  const id = param(request, 'ruleId')
  if (!/^[A-Za-z0-9+/_-]{4,}={0,2}$/.test(id)) throw new GraphError(400, 'ErrorInvalidIdMalformed', 'Id is malformed.')
  const rule = visibleRules(mailbox).find((one) => one.id === id)
  if (!rule) throw new GraphError(404, 'ErrorItemNotFound', 'The specified object was not found in the store.')
  return { user, mailbox, rule }
}

function changeable(request: GraphRequest): ReturnType<typeof ruleOf> {
  const found = ruleOf(request)
  if (!found.rule.isReadOnly) return found
  if (request.engine.world.switches?.readOnlyRuleAnswers403) throw accessDenied()
  throw invalidRequest('The rule is read-only and cannot be changed.')
}

const invalidRequest = (message: string): GraphError => new GraphError(400, 'ErrorInvalidRequest', message)

/** Conditions, exceptions and actions are replaced as a whole. Answers 200 with the rule. */
function update(request: GraphRequest): GraphReply {
  const { user, mailbox, rule } = changeable(request)
  const changes = changesIn(request.body)
  Object.assign(rule, changes)
  const reply = entityReply(request, ruleJson(rule), { context: contextOf(user), shape })
  return changed(request, mailbox, rule, operationOf(changes), reply)
}

/** Exchange names a change of the switch alone by the cmdlet for it. */
function operationOf({ isEnabled, ...others }: Partial<InboxRule>): string {
  if (isEnabled === undefined || Object.keys(others).length > 0) return 'Set-InboxRule'
  return isEnabled ? 'Enable-InboxRule' : 'Disable-InboxRule'
}

function changed(
  request: GraphRequest,
  mailbox: Mailbox,
  rule: InboxRule,
  operation: string,
  reply: GraphReply,
): GraphReply {
  loseOutlookRules(mailbox)
  const Identity = `${mailbox.alias}\\${ruleIdentityOf(rule)}`
  const parameters = operation === 'Set-InboxRule' ? { Identity, ...inboxRuleParameters(rule) } : { Identity }
  audited(request, (story, by) =>
    story.exchangeAdmin(now, operation, by, `${mailbox.alias}\\${rule.displayName}`, parameters),
  )
  return reply
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const writable: Readonly<Record<string, (value: unknown) => boolean>> = {
  displayName: (value) => typeof value === 'string',
  sequence: (value) => Number.isInteger(value) && Number(value) > 0,
  isEnabled: (value) => typeof value === 'boolean',
  conditions: isObject,
  exceptions: isObject,
  actions: isObject,
}

function changesIn(body: unknown): Partial<InboxRule> {
  if (!isObject(body)) throw invalidRequest('A rule is expected.')
  const given = Object.entries(body).filter(([name]) => !name.startsWith('@odata.'))
  if (given.length === 0) throw invalidRequest('A rule with at least one property is expected.')
  for (const [name, value] of given) {
    const fits = Object.hasOwn(writable, name) ? writable[name] : undefined
    if (!fits) throw invalidRequest(`The property '${name}' is unknown or cannot be set.`)
    if (!fits(value)) throw invalidRequest(`The value of the property '${name}' is not valid.`)
  }
  const { actions, ...rest } = Object.fromEntries(given)
  return isObject(actions) ? { ...rest, actions: withFolders(actions, folderName) } : rest
}

function ruleJson(rule: InboxRule): Json {
  const { id, displayName, sequence, isEnabled, hasError, isReadOnly, conditions, exceptions, actions } = rule
  const common = { id, displayName, sequence, isEnabled, hasError, isReadOnly }
  if (isReadOnly) return common
  return {
    ...common,
    ...(Object.keys(conditions).length > 0 ? { conditions } : {}),
    ...(exceptions && Object.keys(exceptions).length > 0 ? { exceptions } : {}),
    actions: withFolders(actions, folderId),
  }
}

/** Graph names folders by opaque ids, the world by what people call them. */
const folderId = (name: string): string => Buffer.from(`folder:${name}`).toString('base64')

function folderName(id: string): string {
  const decoded = Buffer.from(id, 'base64').toString()
  return decoded.startsWith('folder:') ? decoded.slice('folder:'.length) : id
}

function withFolders(actions: Record<string, unknown>, convert: (folder: string) => string): Record<string, unknown> {
  const folders = ['moveToFolder', 'copyToFolder'].filter((name) => typeof actions[name] === 'string')
  return { ...actions, ...Object.fromEntries(folders.map((name) => [name, convert(String(actions[name]))])) }
}
