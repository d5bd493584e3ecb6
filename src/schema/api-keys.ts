import { apiKeysOfTenant, createApiKey, grantsOfKey, revokeApiKey } from '../resolvers/api-keys.ts'
import { apiKeyGlobalId, operatorGlobalId } from '../resolvers/global-ids.ts'
import type { ApiKey } from '../services/operators/api-keys.ts'
import { atMost, builder, pageArgDescriptions, pageComplexity } from './builder.ts'
import { refusalsOfManaging } from './refusals.ts'
import { TenantType } from './tenant.ts'
import { AccessGrantType } from './viewer.ts'

const ApiKeyType = builder.objectRef<ApiKey>('ApiKey').implement({
  description: 'A key for an integration. The key itself is never shown again.',
  fields: (t) => ({
    id: t.id({ description: 'Opaque and stable: give it to `revokeApiKey`.', resolve: ({ id }) => apiKeyGlobalId(id) }),
    operatorId: t.id({
      description: 'The operator as which it acts, as the audit trail shows it.',
      resolve: ({ operatorId }) => operatorGlobalId(operatorId),
    }),
    name: t.exposeString('name', { description: 'The name that it was given.' }),
    lastFour: t.exposeString('lastFour', { description: 'The last four characters of the key, to tell keys apart.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it stops working; null: never by itself.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked; null when it was not.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was used last, to about a minute; null: never.',
    }),
    grants: t.field({
      type: [AccessGrantType],
      description: 'What it may do where, in tenants that you administer.',
      resolve: grantsOfKey,
    }),
  }),
})

const ApiKeyConnection = builder.connectionObject(
  { type: ApiKeyType, name: 'ApiKeyConnection', description: 'A page of API keys, newest first.' },
  { description: 'An API key in its list.' },
)

// Here rather than with the type: a key names tenants, too.
builder.objectField(TenantType, 'apiKeys', (t) =>
  t.field({
    type: ApiKeyConnection,
    nullable: true,
    args: {
      first: t.arg.int({ description: pageArgDescriptions.first }),
      after: t.arg.string({ description: pageArgDescriptions.after }),
    },
    complexity: pageComplexity,
    description:
      'The API keys that reach it, newest first, those that were revoked or have expired, too. Needs the role Administer, else an error with code `FORBIDDEN`.',
    resolve: apiKeysOfTenant,
  }),
)

const CreatedApiKey = builder.objectRef<{ apiKey: ApiKey; key: string }>('CreatedApiKey').implement({
  description: 'A new key.',
  fields: (t) => ({
    apiKey: t.expose('apiKey', { type: ApiKeyType, description: 'What is kept of it.' }),
    key: t.exposeString('key', {
      description: 'The key itself, for `Authorization: Bearer …`. Shown this once: only a hash of it is kept.',
    }),
  }),
})

const RevokedApiKey = builder.objectRef<{ apiKey: ApiKey }>('RevokedApiKey').implement({
  description: 'A key that no longer works.',
  fields: (t) => ({ apiKey: t.expose('apiKey', { type: ApiKeyType, description: 'What is kept of it.' }) }),
})

const GrantInput = builder.inputType('ApiKeyGrantInput', {
  description: 'What a key may do in one tenant.',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'The tenant.' }),
    roles: t.field({
      type: ['AccessRole'],
      required: true,
      description: 'The roles, at least one: give no more than needed.',
    }),
  }),
})

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description: 'Which key to make.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'What it is for, 1 to 100 characters: the audit trail shows it.' }),
    expiresAt: t.field({
      type: 'DateTime',
      description:
        'When it stops working. Default: after a year, or with the key that makes it. Give null for a key without an end, which somebody has to remember to revoke; a key that ends cannot make one.',
    }),
    grants: t.field({
      type: [GrantInput],
      required: true,
      ...atMost(1_000, 'What it may do where, each tenant once.'),
    }),
  }),
})

const RevokeApiKeyInput = builder.inputType('RevokeApiKeyInput', {
  description: 'Which key to revoke.',
  fields: (t) => ({ apiKeyId: t.id({ required: true, description: 'The id of the key, not the key itself.' }) }),
})

builder.mutationFields((t) => ({
  createApiKey: t.field({
    type: CreatedApiKey,
    args: { input: t.arg({ type: CreateApiKeyInput, required: true, description: 'Which key to make.' }) },
    description:
      'Makes a key for an integration. Needs the role Administer in every tenant that it reaches, and each role that the key is to hold there.',
    errors: { types: refusalsOfManaging, union: { description: 'The key, or why there is none.' } },
    resolve: createApiKey,
  }),
  revokeApiKey: t.field({
    type: RevokedApiKey,
    args: { input: t.arg({ type: RevokeApiKeyInput, required: true, description: 'Which key to revoke.' }) },
    description: 'Revokes a key at once. Needs the role Administer in every tenant that it reaches.',
    errors: { types: refusalsOfManaging, union: { description: 'The key, or why it is not revoked.' } },
    resolve: revokeApiKey,
  }),
}))
