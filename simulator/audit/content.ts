/** Audit records on their way into the activity feed: they land in blobs by type of content, some time after they were raised. */
import { guid } from '../ids.ts'
import { chanceOf, shuffledBy } from '../random.ts'
import type { AuditRecord } from '../sample/record-forms.ts'
import { type ContentType, type FeedSettings, feedDefaults, type Tenant } from '../world.ts'

export interface AuditContent {
  contentType: ContentType
  contentId: string
  /** When it landed: from then on it is listed. */
  contentCreated: string
  records: AuditRecord[]
}

export interface Landing {
  /** Chances follow from it. */
  seed: number
  settings?: FeedSettings | undefined
}

const dlpRecordTypes: readonly unknown[] = [11, 13, 33]
const typesByWorkload: Record<string, ContentType> = {
  AzureActiveDirectory: 'Audit.AzureActiveDirectory',
  Exchange: 'Audit.Exchange',
  SharePoint: 'Audit.SharePoint',
  OneDrive: 'Audit.SharePoint',
}

export function contentTypeOf({ Workload, RecordType }: AuditRecord): ContentType {
  if (dlpRecordTypes.includes(RecordType)) return 'DLP.All'
  return typesByWorkload[String(Workload)] ?? 'Audit.General'
}

/** Records that were raised at the moment. Answers with the content that they are in. */
export function landRecords(
  tenant: Tenant,
  records: readonly AuditRecord[],
  raisedAt: Date,
  now: Date,
  landing: Landing,
): AuditContent[] {
  const { delayMs, shuffled } = settingsOf(landing)
  const from = raisedAt.getTime()
  // Content that is listed already must not change.
  const open = { after: Math.max(from, now.getTime()), until: from + 2 * delayMs }
  return land(tenant, records, landing, (lateness) => from + Math.round(delayMs * (shuffled ? 1 + lateness : 1)), open)
}

/** What happened before anybody subscribed: in content that is said to have landed all over the past hours. */
export function landHistory(tenant: Tenant, records: readonly AuditRecord[], now: Date, landing: Landing): void {
  // A little less, because the reader's clock goes on.
  const reachMs = settingsOf(landing).historyHours * 3_600_000 * 0.98
  land(tenant, records, landing, (lateness) => now.getTime() - Math.round(reachMs * lateness))
}

const settingsOf = ({ settings }: Landing): Required<FeedSettings> => ({ ...feedDefaults, ...settings })

function land(
  tenant: Tenant,
  records: readonly AuditRecord[],
  landing: Landing,
  landsAt: (lateness: number) => number,
  open?: Open,
): AuditContent[] {
  // While auditing is off nothing is kept for later either.
  if (tenant.auditingDisabled) return []
  const byType = Map.groupBy(records, contentTypeOf)
  return [...byType].flatMap(([type, ofType]) => new Blobs(tenant, type, landing, landsAt).fill(ofType, open))
}

/** A blob that lands between the moments can be filled further. */
interface Open {
  after: number
  until: number
}

/** The content of one type of a tenant while records are put into it. */
class Blobs {
  readonly #tenant: Tenant
  readonly #contentType: ContentType
  readonly #settings: Required<FeedSettings>
  readonly #seed: string
  readonly #landsAt: (lateness: number) => number

  constructor(tenant: Tenant, contentType: ContentType, landing: Landing, landsAt: (lateness: number) => number) {
    this.#tenant = tenant
    this.#contentType = contentType
    this.#settings = settingsOf(landing)
    this.#seed = String(landing.seed)
    this.#landsAt = landsAt
  }

  fill(records: readonly AuditRecord[], open: Open | undefined): AuditContent[] {
    const filled = new Set<AuditContent>()
    const twice: AuditRecord[] = []
    let blob = open && this.#waiting(open)
    for (const record of records) {
      if (!blob || blob.records.length >= this.#settings.blobSize) blob = this.#made(this.#landsAt)
      blob.records.push(record)
      filled.add(blob)
      const isTwice = this.#settings.duplicates && this.#chance(blob.contentId, String(blob.records.length)) < 0.1
      if (isTwice) twice.push(record)
    }
    if (blob && twice.length > 0) {
      const landed = Date.parse(blob.contentCreated)
      const second = this.#made((lateness) => landed + Math.round(this.#settings.delayMs * lateness))
      second.records.push(...twice)
      filled.add(second)
    }
    if (this.#settings.shuffled)
      for (const one of filled) one.records = shuffledBy(one.records, this.#seed, one.contentId)
    return [...filled]
  }

  #waiting({ after, until }: Open): AuditContent | undefined {
    const last = this.#tenant.auditContent?.findLast(({ contentType }) => contentType === this.#contentType)
    const landsAt = Date.parse(last?.contentCreated ?? '')
    return landsAt > after && landsAt <= until ? last : undefined
  }

  #made(landsAt: (lateness: number) => number): AuditContent {
    this.#tenant.auditContent ??= []
    const content = this.#tenant.auditContent
    const id = guid(this.#seed, this.#tenant.id, this.#contentType, String(content.length))
    const contentCreated = new Date(landsAt(this.#chance(id, 'late'))).toISOString()
    const name = this.#contentType.toLowerCase().replace('.', '_')
    const contentId = `${contentCreated.replaceAll(/\D/g, '')}$${id.replaceAll('-', '')}$${name}$emea0031`
    const hasUnknown = this.#settings.unknownRecords && this.#chance(id, 'unknown') < 0.2
    const records = hasUnknown ? [this.#unknownRecord(id, contentCreated)] : []
    const blob: AuditContent = { contentType: this.#contentType, contentId, contentCreated, records }
    content.push(blob)
    return blob
  }

  /** Of a type that no page of Microsoft's lists, with few fields. */
  #unknownRecord(id: string, at: string): AuditRecord {
    return {
      CreationTime: at.slice(0, 19),
      Id: guid(id, 'unknown'),
      Operation: 'PlatformSignalEvaluated',
      OrganizationId: this.#tenant.id,
      RecordType: 900 + Math.floor(this.#chance(id, 'recordType') * 90),
      UserKey: 'Not Available',
      UserType: 4,
      Version: 1,
      Workload: 'PlatformSignals',
      UserId: 'ServiceHost',
    }
  }

  #chance(...words: string[]): number {
    return chanceOf(this.#seed, ...words)
  }
}
