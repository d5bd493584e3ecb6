/** What every kind of published record is, as a person read it out of the records: nothing here comes from the classification. */
import { describe, expect, test } from 'vitest'
import { type LabelledRecord, labelledRecords } from '../../../test/support/labelled-records.ts'
import { isPublishedThere, warnIfNotPublished } from '../../../test/support/published-records.ts'
import { classify } from './classify.ts'

warnIfNotPublished()

/** For records that name no tenant of their own. */
const tenantId = '6f1c4d5e-0000-4000-8000-00000000c0de'

/**
 * A line for each kind: workload, operation, then what it is by a person and, after a bar, by a service. A dash is no event.
 * Records that are something else than their kind stand below it, by file and line.
 */
const kinds = `
AzureActiveDirectory: Add OAuth2PermissionGrant. = APPLICATION_PERMISSIONS_CHANGED
AzureActiveDirectory: Add a deletion-marked app role assignment grant to service principal as part of link removal. = USER_ACTIVITY
AzureActiveDirectory: Add app role assignment grant to user. = USER_ACTIVITY
AzureActiveDirectory: Add app role assignment to service principal. = APPLICATION_PERMISSIONS_CHANGED
AzureActiveDirectory: Add application. = USER_ACTIVITY | -
AzureActiveDirectory: Add delegated permission grant. = APPLICATION_PERMISSIONS_CHANGED
AzureActiveDirectory: Add device. = | -
AzureActiveDirectory: Add group. = USER_ACTIVITY
AzureActiveDirectory: Add member to group. = USER_ACTIVITY | USER_ACTIVITY
AzureActiveDirectory: Add member to role. = ROLE_ASSIGNED | -
AzureActiveDirectory: Add owner to application. = APPLICATION_PERMISSIONS_CHANGED
AzureActiveDirectory: Add owner to group. = USER_ACTIVITY
AzureActiveDirectory: Add policy. = USER_ACTIVITY
AzureActiveDirectory: Add registered owner to device. = | USER_ACTIVITY
AzureActiveDirectory: Add registered users to device. = | USER_ACTIVITY
AzureActiveDirectory: Add service principal. = USER_ACTIVITY | -
AzureActiveDirectory: Add user. = USER_ACTIVITY
AzureActiveDirectory: Change user license. = USER_ACTIVITY
AzureActiveDirectory: Change user password. = PASSWORD_RESET
AzureActiveDirectory: Consent to application. = USER_CONSENTED_TO_APP
  invictus-2021:784 = USER_ACTIVITY
AzureActiveDirectory: Create company = | -
AzureActiveDirectory: Delete application. = USER_ACTIVITY
AzureActiveDirectory: Delete user. = USER_ACTIVITY
AzureActiveDirectory: Enable Strong Authentication. = MFA_CHANGED
AzureActiveDirectory: Remove OAuth2PermissionGrant. = USER_ACTIVITY
AzureActiveDirectory: Remove app role assignment from service principal. = USER_ACTIVITY
AzureActiveDirectory: Remove service principal. = USER_ACTIVITY
AzureActiveDirectory: Reset user password. = PASSWORD_RESET | PASSWORD_RESET
AzureActiveDirectory: Set Company Information. = USER_ACTIVITY
AzureActiveDirectory: Set directory feature on tenant. = USER_ACTIVITY
AzureActiveDirectory: Update StsRefreshTokenValidFrom Timestamp. = USER_ACTIVITY | -
AzureActiveDirectory: Update application – Certificates and secrets management  = APPLICATION_PERMISSIONS_CHANGED
  invictus-2021:129 = USER_ACTIVITY
AzureActiveDirectory: Update application. = USER_ACTIVITY | -
  elastic-o365:9 = APPLICATION_PERMISSIONS_CHANGED
  elastic-o365:30 = APPLICATION_PERMISSIONS_CHANGED
  invictus-2021:189 = APPLICATION_PERMISSIONS_CHANGED
  invictus-2021:208 = APPLICATION_PERMISSIONS_CHANGED
  invictus-2021:351 = APPLICATION_PERMISSIONS_CHANGED
  invictus-2021:359 = APPLICATION_PERMISSIONS_CHANGED
  invictus-2021:606 = APPLICATION_PERMISSIONS_CHANGED
  invictus-2021:608 = APPLICATION_PERMISSIONS_CHANGED
  invictus-2021:625 = APPLICATION_PERMISSIONS_CHANGED
  invictus-2021:626 = APPLICATION_PERMISSIONS_CHANGED
  invictus-2021:771 = APPLICATION_PERMISSIONS_CHANGED
AzureActiveDirectory: Update device. = | -
AzureActiveDirectory: Update service principal. = USER_ACTIVITY | -
AzureActiveDirectory: Update user. = USER_ACTIVITY | -
  invictus-2021:103 = MFA_CHANGED
  invictus-2021:104 = MFA_CHANGED
AzureActiveDirectory: UserLoggedIn = USER_ACTIVITY | -
AzureActiveDirectory: UserLoginFailed = USER_ACTIVITY
  invictus-2021:697 = RISKY_SIGN_IN
  invictus-2021:698 = RISKY_SIGN_IN
  invictus-2021:700 = RISKY_SIGN_IN
  invictus-2021:707 = RISKY_SIGN_IN
  invictus-2021:783 = RISKY_SIGN_IN
Exchange: Add-MailboxPermission = MAILBOX_ACCESS_GRANTED_TO_NON_OWNER | -
Exchange: Create = | -
Exchange: DlpRuleMatch = | USER_ACTIVITY
Exchange: DlpRuleUndo = | USER_ACTIVITY
Exchange: Enable-AddressListPaging = | -
Exchange: Install-AdminAuditLogConfig = | -
Exchange: Install-DataClassificationConfig = | -
Exchange: Install-DefaultSharingPolicy = | -
Exchange: Install-ResourceConfig = | -
Exchange: MailItemsAccessed = -
Exchange: ModifyFolderPermissions = USER_ACTIVITY | -
Exchange: MoveToDeletedItems = USER_ACTIVITY
Exchange: New-App = | -
Exchange: New-ExchangeAssistanceConfig = | -
Exchange: New-InboxRule = SUSPICIOUS_INBOX_RULE
Exchange: New-Mailbox = | -
Exchange: Send = USER_ACTIVITY
Exchange: Set-AdminAuditLogConfig = | -
Exchange: Set-ExchangeAssistanceConfig = | -
Exchange: Set-Mailbox = USER_ACTIVITY | -
  invictus-2021:530 = EXTERNAL_MAIL_FORWARDING
Exchange: Set-MailboxPlan = | -
Exchange: Set-OwaMailboxPolicy = | -
Exchange: Set-RecipientEnforcementProvisioningPolicy = | -
Exchange: Set-TenantObjectVersion = | -
Exchange: Set-TransportConfig = | -
Exchange: Set-User = | -
Exchange: SoftDelete = USER_ACTIVITY
Exchange: Update = USER_ACTIVITY
MicrosoftTeams: MemberAdded = USER_ACTIVITY
MicrosoftTeams: MemberRoleChanged = USER_ACTIVITY
MicrosoftTeams: TeamCreated = USER_ACTIVITY | -
MicrosoftTeams: TeamsSessionStarted = USER_ACTIVITY
OneDrive: AddedToGroup = USER_ACTIVITY
OneDrive: AnonymousLinkCreated = ANONYMOUS_LINK_CREATED
OneDrive: DLPRuleMatch = | USER_ACTIVITY
OneDrive: FileAccessed = -
OneDrive: FileDeleted = USER_ACTIVITY
OneDrive: FileDownloaded = USER_ACTIVITY
OneDrive: FileModified = USER_ACTIVITY
OneDrive: FileModifiedExtended = USER_ACTIVITY
OneDrive: FileUploaded = USER_ACTIVITY
OneDrive: FolderModified = USER_ACTIVITY
OneDrive: GroupAdded = USER_ACTIVITY
OneDrive: ListColumnCreated = USER_ACTIVITY | -
OneDrive: ListCreated = USER_ACTIVITY
OneDrive: ListUpdated = USER_ACTIVITY | -
OneDrive: PageViewed = -
OneDrive: PermissionLevelAdded = USER_ACTIVITY
OneDrive: SharingInheritanceBroken = USER_ACTIVITY
OneDrive: SharingSet = USER_ACTIVITY
OneDrive: SiteCollectionAdminAdded = USER_ACTIVITY
OneDrive: SiteCollectionAdminRemoved = USER_ACTIVITY
OneDrive: SiteCollectionCreated = USER_ACTIVITY
SecurityComplianceCenter: AggregateActivityData = -
SecurityComplianceCenter: AggregateCampaignIntelligenceData = -
SecurityComplianceCenter: AggregateThreatInstanceList = -
SecurityComplianceCenter: AggregateThreatProfileDetails = -
SecurityComplianceCenter: AlertEntityGenerated = | MICROSOFT_ALERT
SecurityComplianceCenter: AlertTriggered = | MICROSOFT_ALERT
SecurityComplianceCenter: Get-ComplianceRetentionEvent = -
SecurityComplianceCenter: Get-ComplianceTag = -
SecurityComplianceCenter: Get-DlpCompliancePolicy = -
SecurityComplianceCenter: Get-DlpSensitiveInformationType = -
SecurityComplianceCenter: Get-DlpSiDetectionsReport = -
SecurityComplianceCenter: Get-RetentionCompliancePolicy = -
SecurityComplianceCenter: Get-UnifiedAuditLogRetentionPolicy = -
SecurityComplianceCenter: New-DlpCompliancePolicy = | -
SecurityComplianceCenter: New-DlpComplianceRule = | -
SecurityComplianceCenter: SearchAirBatch = -
SecurityComplianceCenter: SearchAlert = -
SecurityComplianceCenter: SearchAlertAggregate = -
SecurityComplianceCenter: SearchComplianceRedirection = -
SecurityComplianceCenter: SearchCustomTag = -
SecurityComplianceCenter: SearchCustomerInsight = -
SecurityComplianceCenter: SearchDataInsightsSubscription = - | -
SecurityComplianceCenter: SearchMtpStatus = | -
SecurityComplianceCenter: SearchSecurityRedirection = -
SecurityComplianceCenter: ValidaterbacAccessCheck = -
SharePoint: AddedToGroup = | -
SharePoint: DLPRuleMatch = | USER_ACTIVITY
SharePoint: FileAccessed = -
SharePoint: FolderCreated = USER_ACTIVITY
SharePoint: ListColumnUpdated = USER_ACTIVITY | -
SharePoint: ListCreated = USER_ACTIVITY
SharePoint: ListUpdated = USER_ACTIVITY
SharePoint: PageViewed = -
SharePoint: SecureLinkUsed = USER_ACTIVITY
SharePoint: SiteCollectionCreated = | -
ThreatIntelligence: TIMailData = | MICROSOFT_ALERT
Yammer: GroupCreation = USER_ACTIVITY
(none): (none) = | -
`

/** People sign in with an address, or their object id; everything else in these files is a service. */
const services =
  /^(nt authority\\.*|s-1-5-18|app@sharepoint|.*@.*prod\.outlook\.com|fim_password_service@.*|serviceprincipal_.*)$/i
function isByPerson({ UserId = '', UserType }: LabelledRecord['record']): boolean {
  if (services.test(UserId)) return false
  return UserId.includes('@') || (/^[0-9a-f]{8}-/.test(UserId) && UserType === 0)
}

interface Kind {
  byPerson: string
  byService: string
}
const byKind = new Map<string, Kind>()
const byPlace = new Map<string, string>()
for (const line of kinds.split('\n').filter((text) => text !== '')) {
  const at = line.lastIndexOf('= ')
  const [name = '', verdict = ''] = [line.slice(0, at - 1), line.slice(at + 2)]
  if (name.startsWith('  ')) byPlace.set(name.trim(), verdict)
  else {
    const [byPerson = '', byService = ''] = verdict.split('|').map((text) => text.trim())
    byKind.set(name, { byPerson, byService })
  }
}

describe.skipIf(!isPublishedThere)('the published records, kind by kind', () => {
  const records = labelledRecords()
  const kindOf = ({ record }: LabelledRecord) => `${record.Workload ?? '(none)'}: ${record.Operation ?? '(none)'}`
  const expectedOf = (labelled: LabelledRecord) => {
    const kind = byKind.get(kindOf(labelled))
    return byPlace.get(labelled.place) ?? (isByPerson(labelled.record) ? kind?.byPerson : kind?.byService)
  }

  test('every kind is in the table, and nothing else is', () => {
    expect([...byKind.keys()].sort()).toEqual([...new Set(records.map(kindOf))].sort())
    const places = new Set(records.map(({ place }) => place))
    expect([...byPlace.keys()].filter((place) => !places.has(place))).toEqual([])
  })

  test.each([...byKind.keys()])('%s', (kind) => {
    const ofKind = records.filter((labelled) => kindOf(labelled) === kind)
    const found = ofKind.map(({ place, record }) => {
      const classified = classify(record, { tenantId })
      return `${place} ${classified.outcome === 'EVENT' ? classified.event.type : '-'}`
    })
    expect(found).toEqual(ofKind.map((labelled) => `${labelled.place} ${expectedOf(labelled)}`))
  })
})
