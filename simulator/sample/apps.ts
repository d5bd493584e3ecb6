/** Applications that the sample's events are about. */
import { anApplication } from '../builders.ts'
import { guid } from '../ids.ts'
import type { Application } from '../world.ts'

/** Asks people for their mail. */
export const mailBooster = (): Application =>
  anApplication({ displayName: 'Mail Booster', homeTenantId: guid('tenant', 'Mail Booster publisher'), delegated: [] })

/** Was given more than it had. */
export const reportSync = (): Application =>
  anApplication({ displayName: 'Report Sync', homeTenantId: guid('tenant', 'Report Sync publisher') })

/** Registered in the tenant itself. */
export const intranet = (homeTenantId: string): Application =>
  anApplication({ displayName: 'Northwind Intranet', homeTenantId, multiTenant: false })

/** Was consented to and is gone. */
export const calendarHelper = { appId: guid('application', 'Calendar Helper'), displayName: 'Calendar Helper' }

/** Microsoft's own. */
export const microsoftTool = {
  appId: '14d82eec-204b-4c2f-b7e8-296a70dab67e',
  displayName: 'Microsoft Graph Command Line Tools',
}

export const teamId = guid('team', 'Northwind Marketing')
export const chatId = `19:${guid('chat', 'Northwind').replaceAll('-', '')}@thread.v2`

export interface TeamsAppSample {
  id: string
  displayName: string
  distributionMethod: 'store' | 'organization'
  clientAppId: string | null
}

const teamsApp = (displayName: string, clientAppId: string | null): TeamsAppSample => ({
  id: guid('teamsApp', displayName),
  displayName,
  distributionMethod: 'store',
  clientAppId,
})

export const teamsApps = {
  pollMaster: teamsApp('Poll Master', guid('application', 'Report Sync')),
  stickyNotes: teamsApp('Sticky Notes', null),
  /** Pinned by a setup policy: cannot be removed for one person. */
  helpDesk: teamsApp('Help Desk', null),
  /** Installed once, and gone. */
  diceRoller: teamsApp('Dice Roller', null),
}
