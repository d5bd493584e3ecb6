/** Real audit records that others published. They are no part of the project and may be absent. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What these tests read of a record; all else is left as it is. */
export interface PublishedRecord {
  Id?: string
  Operation?: string
  OrganizationId?: string
  OrganizationName?: string
  ResultStatus?: string
  UserId?: string
  UserType?: number
  ObjectId?: string
  Actor?: { ID: string; Type: number }[]
  Target?: { ID: string; Type: number }[]
  ModifiedProperties?: { Name: string; OldValue: string; NewValue: string }[]
  Parameters?: { Name: string; Value: string }[]
}

export const publishedFolder = join(import.meta.dirname, '../../../shared/data/audit-records')
export const isPublishedThere = existsSync(publishedFolder)

/** To be called where tests are skipped, so that nobody takes them for passed. */
export function warnIfNotPublished(): void {
  if (!isPublishedThere) console.warn(`SKIPPED: there are no published audit records in ${publishedFolder}`)
}

/** None where the folder is absent. */
export function publishedRecords(): PublishedRecord[] {
  if (!isPublishedThere) return []
  return publishedFiles().flatMap((file) =>
    readFileSync(join(publishedFolder, file), 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line) as PublishedRecord),
  )
}

export const publishedFiles = (): string[] => readdirSync(publishedFolder).filter((name) => name.endsWith('.jsonl'))
