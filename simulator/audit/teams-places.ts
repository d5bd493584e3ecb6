import type { AuditRecord } from '../sample/record-forms.ts'
import type { TeamsInstallation, Tenant } from '../world.ts'

/** Where an app is installed, as the records of Teams say it. */
export function placeIn({ groups }: Tenant, { scope, scopeId }: TeamsInstallation): AuditRecord {
  switch (scope) {
    case 'TEAM':
      return {
        TeamGuid: scopeId,
        TeamName: groups.find(({ id }) => id === scopeId)?.displayName ?? '',
        OperationScope: 'Team',
      }
    case 'CHAT':
      return { ChatThreadId: scopeId, OperationScope: 'Chat' }
    case 'USER':
      return { TargetUserId: scopeId, OperationScope: 'User' }
  }
}
