import { quoted } from './text.ts'
import type { Subject } from './types.ts'

/** How a sentence calls a subject. */
export function subjectName(subject: Subject): string {
  switch (subject.type) {
    case 'USER': {
      const { userPrincipalName, displayName, objectId } = subject.attributes
      return userPrincipalName ?? displayName ?? objectId ?? 'a user'
    }
    case 'APPLICATION': {
      const { displayName, appId, servicePrincipalId, applicationId } = subject.attributes
      const id = appId ?? servicePrincipalId ?? applicationId ?? ''
      return displayName === undefined ? `app ${id}`.trim() : quoted(displayName)
    }
    case 'TEAMS_APP':
      return quoted(subject.attributes.displayName ?? subject.attributes.teamsAppId)
    case 'INBOX_RULE':
      return `the inbox rule ${quoted(subject.attributes.name ?? '')} of ${subject.attributes.mailbox}`
    case 'TRANSPORT_RULE':
      return `the transport rule ${quoted(subject.attributes.name ?? subject.attributes.guid ?? '')}`
    case 'MAILBOX':
      return subject.attributes.mailbox
    case 'MAILBOX_ACCESS':
      return `${subject.attributes.grantee} on ${subject.attributes.mailbox}`
    case 'SYSTEM':
    case 'ANONYMOUS':
      return subject.attributes.name
  }
}
