/** Apps of Northwind Traders: every kind that one can meet, in Entra and in Teams. */
import { aManagedIdentity, aMicrosoftApp, withConsents } from '../apps.ts'
import { userOf } from '../builders.ts'
import { aChat, aTeam, installTeamsApp } from '../teams.ts'
import type { Tenant } from '../world.ts'
import { backupIdentity, chatId, intranet, mailBooster, microsoftTool, reportSync, teamId, teamsApps } from './apps.ts'

export function addApps(tenant: Tenant): void {
  withConsents(tenant, mailBooster(), { consents: { Ada: ['offline_access', 'Mail.Read', 'User.Read'] } })
  withConsents(tenant, reportSync(), { permissions: ['Application.Read.All', 'Chat.Read.All'] })
  withConsents(tenant, intranet(tenant.id), { permissions: ['User.Read.All'] })
  aMicrosoftApp(tenant, microsoftTool.displayName, microsoftTool.appId)
  aManagedIdentity(tenant, backupIdentity, { permissions: ['Directory.Read.All'] })
}

export function addTeamsApps(tenant: Tenant): void {
  const person = (name: string): string => userOf(tenant, name).id
  const team = aTeam(tenant, 'Northwind Marketing', {
    id: teamId,
    members: [person('Greta'), person('Kira')],
    owners: [person('Greta')],
  })
  const chat = aChat(tenant, 'Campaign', { id: chatId, members: [person('Greta'), person('Hugo')] })
  installTeamsApp(tenant, teamsApps.pollMaster, 'TEAM', team)
  installTeamsApp(tenant, teamsApps.stickyNotes, 'CHAT', chat)
  installTeamsApp(tenant, teamsApps.timeSheets, 'USER', userOf(tenant, 'Liam'), { hasNewerId: true })
  installTeamsApp(tenant, teamsApps.helpDesk, 'USER', userOf(tenant, 'Kira'), { isPinned: true })
}
