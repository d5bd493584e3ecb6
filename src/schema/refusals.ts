/** Every expected no, as a type of its own: the classes are the services', here they get their shape. */
import { type RefusalData, reasonsOf } from '../resolvers/remediations.ts'
import {
  AdminConsentRequiredError,
  CannotTargetSignedInUserError,
  IdempotencyKeyReusedError,
  type InputIssue,
  InvalidInputError,
  LastGlobalAdministratorError,
  NotAllowedError,
  NotFoundError,
  PrivilegedSignInRequiredError,
  RemediationUnavailableError,
  TenantUnhealthyError,
} from '../services/refusals.ts'
import { builder } from './builder.ts'
import { RefusalCodeEnum } from './enums.ts'
import { GreyedOutReasonType } from './remediation-option.ts'
import { HealthCheckType } from './tenant.ts'

export const RefusalInterface = builder.interfaceRef<RefusalData>('Refusal').implement({
  description:
    'An expected no. Nothing was sent to Microsoft, and the idempotency key is still unused: mend what it says, then send the same mutation again.',
  // Types are named after their classes.
  resolveType: (refusal) => refusal.__typename ?? refusal.constructor.name,
  fields: (t) => ({
    code: t.expose('code', { type: RefusalCodeEnum, description: 'The sort of refusal, for programs.' }),
    message: t.exposeString('message', { description: 'Why, and what to do next, for people.' }),
  }),
})

const interfaces = [RefusalInterface] as const

builder.objectType(NotFoundError, {
  name: 'NotFoundError',
  interfaces: [...interfaces],
  description: 'There is no such object, or you may not know of it: both have this one answer.',
})
builder.objectType(NotAllowedError, {
  name: 'NotAllowedError',
  interfaces: [...interfaces],
  description: 'You see the object, but your roles do not allow this.',
})
builder.objectType(RemediationUnavailableError, {
  name: 'RemediationUnavailableError',
  interfaces: [...interfaces],
  description: 'Every action that you asked for is greyed out.',
  fields: (t) => ({
    reasons: t.field({ type: [GreyedOutReasonType], description: 'Why, for each action.', resolve: reasonsOf }),
  }),
})
builder.objectType(PrivilegedSignInRequiredError, {
  name: 'PrivilegedSignInRequiredError',
  interfaces: [...interfaces],
  description: 'An administrator of the tenant must sign in first.',
  fields: (t) => ({
    signInUrl: t.exposeString('signInUrl', { description: 'The page on which the administrator signs in.' }),
    acceptedRoles: t.exposeStringList('acceptedRoles', {
      description: 'The Entra roles one of which the administrator must hold.',
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'Until when the link can be opened.' }),
  }),
})
builder.objectType(AdminConsentRequiredError, {
  name: 'AdminConsentRequiredError',
  interfaces: [...interfaces],
  description: 'A Global Administrator of the tenant must consent first, once for the whole organisation.',
  fields: (t) => ({
    consentUrl: t.exposeString('consentUrl', { description: 'The page on which the consent is given.' }),
    missingPermissions: t.exposeStringList('missingPermissions', {
      description: 'The permissions that are asked for.',
    }),
    grantableBy: t.exposeStringList('grantableBy', { description: 'The Entra roles that can give it.' }),
  }),
})
builder.objectType(CannotTargetSignedInUserError, {
  name: 'CannotTargetSignedInUserError',
  interfaces: [...interfaces],
  description: 'The target is your own account, or that of the signed-in administrator.',
})
builder.objectType(LastGlobalAdministratorError, {
  name: 'LastGlobalAdministratorError',
  interfaces: [...interfaces],
  description: 'The target is the last enabled Global Administrator: without it nobody could manage the tenant.',
})
builder.objectType(TenantUnhealthyError, {
  name: 'TenantUnhealthyError',
  interfaces: [...interfaces],
  description: 'The tenant must be put right first.',
  fields: (t) => ({
    checks: t.expose('checks', { type: [HealthCheckType], description: 'What is wrong.' }),
  }),
})
builder.objectType(IdempotencyKeyReusedError, {
  name: 'IdempotencyKeyReusedError',
  interfaces: [...interfaces],
  description: 'The idempotency key was used with another input: make a new key for a new wish.',
})

const Issue = builder.objectRef<InputIssue>('InputIssue').implement({
  description: 'One fault of the input.',
  fields: (t) => ({
    path: t.exposeStringList('path', {
      description: 'The field, from the outside in, e.g. `["input", "idempotencyKey"]`.',
    }),
    message: t.exposeString('message', { description: 'What is wrong with it.' }),
  }),
})
builder.objectType(InvalidInputError, {
  name: 'InvalidInputError',
  interfaces: [...interfaces],
  description: 'The input is wrong.',
  fields: (t) => ({
    issues: t.expose('issues', { type: [Issue], description: 'Every fault at once.' }),
  }),
})

/** What any remediation may refuse with. */
export const refusalsOfRemediating = [
  NotFoundError,
  NotAllowedError,
  RemediationUnavailableError,
  PrivilegedSignInRequiredError,
  AdminConsentRequiredError,
  CannotTargetSignedInUserError,
  LastGlobalAdministratorError,
  TenantUnhealthyError,
  IdempotencyKeyReusedError,
  InvalidInputError,
]

/** What any other mutation may refuse with. */
export const refusalsOfManaging = [NotFoundError, NotAllowedError, InvalidInputError]
