/** Whom or what an event is about: nine types, one union, every one a Node. */
import { type SubjectIn, subjectTypeNames } from '../resolvers/subjects.ts'
import type { SubjectType } from '../services/events/types.ts'
import { builder } from './builder.ts'

const Node = builder.nodeInterfaceRef()

const refOf = <T extends SubjectType>(type: T) => builder.objectRef<SubjectIn<T>>(subjectTypeNames[type])

const idDescription = 'One id for this subject in all events of its tenant: give it as `subjectId`.'
const idOf = ({ globalId }: SubjectIn) => globalId

const User = refOf('USER')
User.implement({
  interfaces: [Node],
  description:
    'An account of the tenant, or of another one that acted here. Records do not tell everything: what they left out is null.',
  fields: (t) => ({
    id: t.id({ description: idDescription, resolve: idOf }),
    objectId: t.id({
      nullable: true,
      description: "The account's object id in Entra.",
      resolve: ({ attributes }) => attributes.objectId ?? null,
    }),
    userPrincipalName: t.string({
      nullable: true,
      description: 'The sign-in name, e.g. `nora@contoso.com`.',
      resolve: ({ attributes }) => attributes.userPrincipalName ?? null,
    }),
    displayName: t.string({
      nullable: true,
      description: 'The name that the record gave.',
      resolve: ({ attributes }) => attributes.displayName ?? null,
    }),
    homeTenantId: t.id({
      nullable: true,
      description: "The Entra tenant of the account, when it is not the event's own: a partner's technician, for one.",
      resolve: ({ attributes }) => attributes.homeTenantId ?? null,
    }),
  }),
})

const Application = refOf('APPLICATION')
Application.implement({
  interfaces: [Node],
  description: 'An application with an identity in Entra: the client, never the API that it got access to.',
  fields: (t) => ({
    id: t.id({ description: idDescription, resolve: idOf }),
    appId: t.id({
      nullable: true,
      description: 'The application (client) id: the same in every tenant.',
      resolve: ({ attributes }) => attributes.appId ?? null,
    }),
    servicePrincipalId: t.id({
      nullable: true,
      description: 'The object id of the enterprise application in this tenant.',
      resolve: ({ attributes }) => attributes.servicePrincipalId ?? null,
    }),
    applicationId: t.id({
      nullable: true,
      description: 'The object id of the app registration, when this tenant owns it.',
      resolve: ({ attributes }) => attributes.applicationId ?? null,
    }),
    displayName: t.string({
      nullable: true,
      description: 'The name that the record gave. Anybody can choose any name for an app.',
      resolve: ({ attributes }) => attributes.displayName ?? null,
    }),
  }),
})

const TeamsAppScope = builder.enumType('TeamsAppScope', {
  description: 'What a Teams app was installed for.',
  values: {
    TEAM: { description: 'A team.' },
    CHAT: { description: 'A chat.' },
    USER: { description: 'One user.' },
  } as const,
})

const TeamsApp = refOf('TEAMS_APP')
TeamsApp.implement({
  interfaces: [Node],
  description: 'An app where it was installed in Microsoft Teams: the same app in another team is another subject.',
  fields: (t) => ({
    id: t.id({ description: idDescription, resolve: idOf }),
    teamsAppId: t.id({
      description: "The app's id in the Teams catalogue.",
      resolve: ({ attributes }) => attributes.teamsAppId,
    }),
    displayName: t.string({
      nullable: true,
      description: 'The name that the record gave.',
      resolve: ({ attributes }) => attributes.displayName ?? null,
    }),
    appId: t.id({
      nullable: true,
      description: 'The application (client) id in Entra, when the app has one.',
      resolve: ({ attributes }) => attributes.appId ?? null,
    }),
    scope: t.field({
      type: TeamsAppScope,
      description: 'What it was installed for.',
      resolve: ({ attributes }) => attributes.scope,
    }),
    scopeId: t.id({
      description: 'The id of that team, chat or user.',
      resolve: ({ attributes }) => attributes.scopeId,
    }),
    scopeName: t.string({
      nullable: true,
      description: 'The name of that team, chat or user.',
      resolve: ({ attributes }) => attributes.scopeName ?? null,
    }),
  }),
})

const InboxRule = refOf('INBOX_RULE')
InboxRule.implement({
  interfaces: [Node],
  description: 'A rule in the inbox of one mailbox.',
  fields: (t) => ({
    id: t.id({ description: idDescription, resolve: idOf }),
    mailbox: t.string({
      description: 'The mailbox that it works in.',
      resolve: ({ attributes }) => attributes.mailbox,
    }),
    name: t.string({
      nullable: true,
      description: "The rule's name. Attackers like names such as `.`.",
      resolve: ({ attributes }) => attributes.name ?? null,
    }),
    definition: t.field({
      type: 'JSON',
      description: 'The conditions and actions as the record gave them, by their names in Exchange.',
      resolve: ({ attributes }) => attributes.definition,
    }),
  }),
})

const TransportRule = refOf('TRANSPORT_RULE')
TransportRule.implement({
  interfaces: [Node],
  description: 'A mail flow rule of the whole organisation.',
  fields: (t) => ({
    id: t.id({ description: idDescription, resolve: idOf }),
    name: t.string({
      nullable: true,
      description: "The rule's name.",
      resolve: ({ attributes }) => attributes.name ?? null,
    }),
    definition: t.field({
      type: 'JSON',
      description: 'The conditions and actions as the record gave them, by their names in Exchange.',
      resolve: ({ attributes }) => attributes.definition,
    }),
  }),
})

const Mailbox = refOf('MAILBOX')
Mailbox.implement({
  interfaces: [Node],
  description: 'A mailbox whose settings the event is about.',
  fields: (t) => ({
    id: t.id({ description: idDescription, resolve: idOf }),
    mailbox: t.string({ description: "The mailbox's address.", resolve: ({ attributes }) => attributes.mailbox }),
    forwardingSmtpAddress: t.string({
      nullable: true,
      description: 'Where its mail was sent on to, outside.',
      resolve: ({ attributes }) => attributes.forwardingSmtpAddress ?? null,
    }),
    forwardingAddress: t.string({
      nullable: true,
      description: 'The recipient of the organisation that its mail was sent on to.',
      resolve: ({ attributes }) => attributes.forwardingAddress ?? null,
    }),
  }),
})

const MailboxAccess = refOf('MAILBOX_ACCESS')
MailboxAccess.implement({
  interfaces: [Node],
  description: 'The access of somebody to a mailbox of somebody else.',
  fields: (t) => ({
    id: t.id({ description: idDescription, resolve: idOf }),
    mailbox: t.string({ description: 'The mailbox that is opened.', resolve: ({ attributes }) => attributes.mailbox }),
    grantee: t.string({ description: 'Who can open it.', resolve: ({ attributes }) => attributes.grantee }),
    accessRights: t.stringList({
      description: 'The rights that the record named, e.g. `FullAccess`.',
      resolve: ({ attributes }) => attributes.accessRights ?? [],
    }),
  }),
})

const System = refOf('SYSTEM')
System.implement({
  interfaces: [Node],
  description: 'An identity of the service itself, such as `app@sharepoint`. It can never be a target.',
  fields: (t) => ({
    id: t.id({ description: idDescription, resolve: idOf }),
    name: t.string({ description: 'The name as the record gave it.', resolve: ({ attributes }) => attributes.name }),
  }),
})

const Anonymous = refOf('ANONYMOUS')
Anonymous.implement({
  interfaces: [Node],
  description: 'Somebody who came by a sharing link without signing in. There is no account to act on.',
  fields: (t) => ({
    id: t.id({ description: idDescription, resolve: idOf }),
    name: t.string({ description: 'The name as the record gave it.', resolve: ({ attributes }) => attributes.name }),
  }),
})

export const SubjectUnion = builder.unionType('Subject', {
  description: 'Whom or what an event is about, or who raised it.',
  types: [User, Application, TeamsApp, InboxRule, TransportRule, Mailbox, MailboxAccess, System, Anonymous],
  resolveType: (subject) => subjectTypeNames[subject.type],
})
