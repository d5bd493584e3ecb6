/** The page as the peers' schemas have it, and the look-ups that their loaders make: one item for each user and kind, in full batches. */
import { allMailboxes, exchange, graph, mailboxesById, rolesUrl, rulesIn, rulesOf, userUrl } from '../pages/calls.ts'
import { readPage } from '../pages/page.ts'

export const page = readPage()

export const typeDefs = `
  interface Node { id: ID! }
  type UserSubject implements Node { id: ID! userPrincipalName: String objectId: ID }
  type MailboxSubject implements Node { id: ID! mailbox: String! }
  union Subject = UserSubject | MailboxSubject
  type Tenant { name: String! status: String! }
  type PrivilegedSignInRequirement { signInUrl: String }
  type AdminConsentRequirement { consentUrl: String }
  union Requirement = PrivilegedSignInRequirement | AdminConsentRequirement
  type RemediationOption {
    kind: String! title: String! effect: String! recommended: Boolean! warnings: [String!]! viewerCan: Boolean!
    subject: Subject! requirements: [Requirement!]!
  }
  type GreyedOutReason { kind: String! code: String! message: String! remedy: String subject: Subject! }
  type SecurityEvent {
    id: ID! type: String! severity: String! title: String! occurredAt: String! tenant: Tenant! subjects: [Subject!]!
    availableRemediations: [RemediationOption!]! greyedOutReasons: [GreyedOutReason!]!
  }
  type SecurityEventEdge { node: SecurityEvent! }
  type SecurityEventConnection { edges: [SecurityEventEdge!]! }
  type Query { securityEvents(first: Int): SecurityEventConnection! }
`

export const resolvers = {
  Query: {
    securityEvents: (_, { first }) => ({ edges: page.events.slice(0, first).map((node) => ({ node })) }),
  },
  Subject: { __resolveType: () => 'UserSubject' },
  Requirement: { __resolveType: ({ __typename }) => __typename },
}

/** By object ids; one answer for each, in their order. */
export const lookUps = {
  users: async (ids) => (await graph(ids.map(userUrl))).map(({ body }) => body),
  administrators: async (ids) =>
    (await graph(ids.map(rolesUrl))).map(({ body }) =>
      body.value.some((held) => held['@odata.type'] === '#microsoft.graph.directoryRole'),
    ),
  rules: async (ids) => (await exchange(page, ids.map(rulesOf))).map(rulesIn),
  /** One page of all is less than an item each. */
  mailboxes: async (ids) => {
    const [{ body }] = await exchange(page, [allMailboxes])
    const byId = mailboxesById(body.value)
    return ids.map((id) => byId.get(id) ?? null)
  },
}
