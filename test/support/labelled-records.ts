/** Published records by the place where they stand, for expectations that people wrote about them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ActorCandidate, actorOf } from '../../src/services/events/identities.ts'
import { type AuditRecord, parseRecord } from '../../src/services/events/record.ts'
import type { SubjectOf, SubjectType } from '../../src/services/events/types.ts'
import { contoso, eventOf, verdictOf } from './audit-records.ts'
import { isPublishedThere, type PublishedRecord, publishedFiles, publishedFolder } from './published-records.ts'

export interface LabelledRecord {
  /** File without ending and line, e.g. `invictus-2021:530`. */
  place: string
  record: PublishedRecord & { Workload?: string; UserKey?: string }
}

/** None where the folder is absent. */
export function labelledRecords(): LabelledRecord[] {
  if (!isPublishedThere) return []
  return publishedFiles().flatMap((file) =>
    readFileSync(join(publishedFolder, file), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        line.trim() === '' ? [] : [{ place: `${file.replace('.jsonl', '')}:${index + 1}`, record: JSON.parse(line) }],
      ),
  )
}

/** The record at a place. Throws when there is none: an expectation about nothing would always hold. */
export function recordAt(place: string): LabelledRecord['record'] {
  all ??= new Map(labelledRecords().map((labelled) => [labelled.place, labelled.record]))
  const record = all.get(place)
  if (!record) throw new Error(`There is no published record at ${place}.`)
  return record
}
let all: Map<string, LabelledRecord['record']> | undefined

/** Of a record without a tenant as if it were Contoso's. */
export const eventAt = (place: string) => eventOf(recordAt(place), { tenantId: contoso })
export const verdictAt = (place: string): string => verdictOf(recordAt(place), { tenantId: contoso })
export const actorAt = (place: string): ActorCandidate | null => actorOf(parsed(recordAt(place)), contoso)

export function subjectAt<T extends SubjectType>(place: string, type: T): SubjectOf<T>['attributes'] {
  const subject = eventAt(place).subjects.find((one) => one.type === type)
  if (subject === undefined) throw new Error(`The event at ${place} is about no ${type}.`)
  return subject.attributes as SubjectOf<T>['attributes']
}

export function parsed(record: object): AuditRecord {
  const found = parseRecord(record)
  if (found === null) throw new Error('The record is no audit record.')
  return found
}
