import type { Classifier } from '../classifier.ts'
import { rank, sentence } from '../classifier.ts'
import { calling } from '../identities.ts'
import { graded } from '../severities.ts'
import { plain, quoted } from '../text.ts'

/** A link that opens a file or folder for anybody who has it. */
export const anonymousLinkCreated: Classifier = (context) => {
  const { record } = context
  if (record.operation !== 'anonymouslinkcreated' || !context.happened) return null
  const name = record.SourceFileName?.trim() || decoded(record.ObjectId?.split('/').at(-1))
  const file = name === undefined ? 'something' : quoted(name)
  const canEdit = /<Type>\s*Edit/i.test(record.EventData ?? '')
  return {
    ...graded('ANONYMOUS_LINK_CREATED', canEdit ? 'ALLOWS_CHANGES' : 'READ_ONLY'),
    title: `${calling(context.actor)} made an anonymous link to ${file}`,
    description: sentence(context, `made a link to ${file} that works for anybody who has it`),
    reasons: [canEdit ? 'The link allows changes.' : 'The link needs no sign-in.', ...where(record.SiteUrl)],
    techniques: ['T1567'],
    subjects: [],
    actionKey: null,
    rank: rank.telling,
  }
}

const where = (site: string | undefined): string[] =>
  site === undefined || site.trim() === '' ? [] : [`Site: ${plain(site, 160)}`]

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined || text === '' ? undefined : decodeURIComponent(text)
  } catch {
    return text
  }
}
