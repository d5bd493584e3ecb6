import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
} from 'graphql'
import { expect, test } from 'vitest'
import { catalogue } from '../services/remediations/catalogue/index.ts'
import { schema } from './index.ts'

const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'))
const builtIn = ['String', 'Boolean', 'Int', 'Float', 'ID']

/** `Type.field(argument)` for everything a caller can read about. */
function described(type: GraphQLNamedType): [name: string, description: string | null | undefined][] {
  const own: [string, string | null | undefined] = [type.name, type.description]
  if (isEnumType(type))
    return [own, ...type.getValues().map(({ name, description }): typeof own => [`${type.name}.${name}`, description])]
  if (isInputObjectType(type)) {
    return [
      own,
      ...Object.values(type.getFields()).map(({ name, description }): typeof own => [
        `${type.name}.${name}`,
        description,
      ]),
    ]
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return [own]
  return [
    own,
    ...Object.values(type.getFields()).flatMap((field): (typeof own)[] => [
      [`${type.name}.${field.name}`, field.description],
      ...field.args.map(({ name, description }): typeof own => [`${type.name}.${field.name}(${name})`, description]),
    ]),
  ]
}

test('every type, field, argument and enum value has a description', () => {
  const bare = types
    .filter(({ name }) => !builtIn.includes(name))
    .flatMap(described)
    .filter(([, description]) => !description?.trim())
    .map(([name]) => name)
  expect(bare).toEqual([])
})

test('every member of Subject is a Node', () => {
  const union = schema.getType('Subject')
  const members = isUnionType(union) ? union.getTypes() : []
  expect(members.map(({ name }) => name).toSorted()).toEqual([
    'AnonymousIdentity',
    'ApplicationSubject',
    'InboxRuleSubject',
    'MailboxAccessSubject',
    'MailboxSubject',
    'SystemIdentity',
    'TeamsAppSubject',
    'TransportRuleSubject',
    'UserSubject',
  ])
  for (const member of members) expect(member.getInterfaces().map(({ name }) => name)).toContain('Node')
})

test('every answer of a mutation is a union of what was done and refusals', () => {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const type = schema.getType(String(field.type).replace('!', ''))
    expect(type?.name).toBe(`${field.name.charAt(0).toUpperCase()}${field.name.slice(1)}Result`)
    const members = isUnionType(type) ? type.getTypes() : []
    const refusals = members.filter((member) => member.getInterfaces().some(({ name }) => name === 'Refusal'))
    expect(members.length - refusals.length).toBe(1)
    expect(refusals.length).toBeGreaterThan(0)
  }
})

test('kinds and actions are those of the catalogue', () => {
  const valuesOf = (name: string) => {
    const type = schema.getType(name)
    return isEnumType(type) ? type.getValues().map((value) => value.name) : []
  }
  expect(valuesOf('RemediationKind').sort()).toEqual(catalogue.map(({ kind }) => kind).sort())
  expect(valuesOf('BlockUserAction')).toEqual(expect.arrayContaining(['DISABLE_USER', 'REVOKE_SESSIONS']))
})

test('the names that others build on are there', () => {
  const fieldsOf = (name: string) => {
    const type = schema.getType(name)
    return isObjectType(type) || isInterfaceType(type) ? Object.keys(type.getFields()) : []
  }
  expect(fieldsOf('Query')).toEqual(
    expect.arrayContaining([
      'viewer',
      'tenant',
      'tenants',
      'securityEvent',
      'securityEvents',
      'auditEntries',
      'planRemediation',
      'node',
      'nodes',
    ]),
  )
  expect(fieldsOf('RemediationRun')).toEqual(
    expect.arrayContaining(['id', 'event', 'requestedBy', 'requestedAt', 'status', 'steps']),
  )
  expect(fieldsOf('RemediationStep')).toEqual(
    expect.arrayContaining([
      'kind',
      'subject',
      'state',
      'code',
      'message',
      'remedy',
      'retryable',
      'upstreamRequestId',
      'evidence',
      'startedAt',
      'endedAt',
    ]),
  )
  expect(fieldsOf('Refusal')).toEqual(['code', 'message'])
  for (const name of [
    'NotFoundError',
    'NotAllowedError',
    'RemediationUnavailableError',
    'PrivilegedSignInRequiredError',
    'AdminConsentRequiredError',
    'CannotTargetSignedInUserError',
    'LastGlobalAdministratorError',
    'TenantUnhealthyError',
    'IdempotencyKeyReusedError',
    'InvalidInputError',
  ]) {
    expect(fieldsOf(name)).toEqual(expect.arrayContaining(['code', 'message']))
  }
})
