/** Subjects as records name them. */
import type { SubjectAttributes, SubjectCandidate } from '../../src/services/events/types.ts'

export function anApp(attributes: SubjectAttributes['APPLICATION']): SubjectCandidate {
  const { appId, servicePrincipalId, applicationId } = attributes
  const aliases = [
    appId && `appid:${appId}`,
    servicePrincipalId && `sp:${servicePrincipalId}`,
    applicationId && `app:${applicationId}`,
  ]
  return { type: 'APPLICATION', role: 'TARGET', aliases: aliases.flatMap((alias) => alias ?? []), attributes }
}

export const aTeamsAppAt = (attributes: SubjectAttributes['TEAMS_APP']): SubjectCandidate => ({
  type: 'TEAMS_APP',
  role: 'TARGET',
  aliases: [`teamsapp:${attributes.teamsAppId}|${attributes.scope}|${attributes.scopeId}`],
  attributes,
})

export const aRuleIn = (
  mailbox: string,
  attributes: Omit<SubjectAttributes['INBOX_RULE'], 'mailbox'>,
): SubjectCandidate => ({
  type: 'INBOX_RULE',
  role: 'TARGET',
  aliases: [`rule:${mailbox}|${JSON.stringify(attributes)}`],
  attributes: { mailbox, ...attributes },
})

export const aTransportRuleCalled = (attributes: SubjectAttributes['TRANSPORT_RULE']): SubjectCandidate => ({
  type: 'TRANSPORT_RULE',
  role: 'TARGET',
  aliases: [`transportrule:${JSON.stringify(attributes)}`],
  attributes,
})

export const aMailboxCalled = (mailbox: string, exchangeGuid?: string): SubjectCandidate => ({
  type: 'MAILBOX',
  role: 'TARGET',
  aliases: [`mailbox:${mailbox}`],
  attributes: { mailbox, ...(exchangeGuid && { exchangeGuid }) },
})

export const anAccess = (mailbox: string, grantee: string): SubjectCandidate => ({
  type: 'MAILBOX_ACCESS',
  role: 'TARGET',
  aliases: [`access:${mailbox}|${grantee}`],
  attributes: { mailbox, grantee, accessRights: ['FullAccess'] },
})
