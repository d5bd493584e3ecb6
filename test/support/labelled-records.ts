/** Published records by the place where they stand, for expectations that people wrote about them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
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
