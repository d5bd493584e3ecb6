/** Applications that the sample's events are about. */
import { anApplication } from '../builders.ts'
import { guid } from '../ids.ts'
import { aTeamsApp } from '../teams.ts'
import type { Application } from '../world.ts'

/** Asks people for their mail. */
export const mailBooster = (): Application =>
  anApplication({ displayName: 'Mail Booster', homeTenantId: guid('tenant', 'Mail Booster publisher'), delegated: [] })

/** Was given more than it had. */
export const reportSync = (): Application =>
  anApplication({
    displayName: 'Report Sync',
    homeTenantId: guid('tenant', 'Report Sync publisher'),
    verifiedPublisher: {
      displayName: 'Litware Reports',
      verifiedPublisherId: '7654321',
      addedDateTime: '2025-02-03T10:00:00Z',
    },
  })

/** Registered in the tenant itself. */
export const intranet = (homeTenantId: string): Application =>
  anApplication({ displayName: 'Northwind Intranet', homeTenantId, multiTenant: false })

/** Was consented to and is gone. */
export const calendarHelper = { appId: guid('application', 'Calendar Helper'), displayName: 'Calendar Helper' }

/** The managed identity of an Azure resource. */
export const backupIdentity = 'northwind-backup'

/** Microsoft's own. */
export const microsoftTool = {
  appId: '14d82eec-204b-4c2f-b7e8-296a70dab67e',
  displayName: 'Microsoft Graph Command Line Tools',
}

export const teamId = guid('team', 'Northwind Marketing')
export const chatId = `19:${guid('chat', 'Northwind').replaceAll('-', '')}@thread.v2`

export const teamsApps = {
  pollMaster: aTeamsApp('Poll Master', { clientAppId: guid('application', 'Report Sync') }),
  stickyNotes: aTeamsApp('Sticky Notes'),
  /** Made by the organization itself. */
  timeSheets: aTeamsApp('Time Sheets', { distributionMethod: 'organization' }),
  /** Pinned by a setup policy: cannot be removed for one person. */
  helpDesk: aTeamsApp('Help Desk'),
  /** Installed once, and gone. */
  diceRoller: aTeamsApp('Dice Roller'),
}
