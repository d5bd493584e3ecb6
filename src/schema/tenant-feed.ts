/** How a tenant's events arrive. */
import type { FeedOfTenant, TypeOfContent, UnreadTime } from '../resolvers/tenant-feed.ts'
import type { FeedFault, FeedGapReason } from '../services/feed/types.ts'
import { builder } from './builder.ts'
import { enumOf } from './enums.ts'

const FeedFaultEnum = enumOf<FeedFault>('FeedFault', 'Why a type of content is not read at the moment.', {
  SUBSCRIPTION_DISABLED: 'An administrator of the tenant switched the subscription off. We do not switch it on again.',
  AUDITING_OFF: 'Auditing is switched off in the tenant.',
  PERMISSION_MISSING: 'The tenant did not grant `ActivityFeed.Read`, or the grant does not count yet.',
  TOKEN_REFUSED: 'Microsoft refuses our token.',
  CONSENT_MISSING: 'The tenant has not given its consent, or has taken it back.',
  APP_DISABLED: 'Our application is disabled in the tenant.',
  CREDENTIAL_INVALID: "Our application's own secret or certificate is wrong or expired.",
  THROTTLED: 'Microsoft asks us to wait.',
  UNAVAILABLE: 'Microsoft does not answer.',
  REFUSED: 'Microsoft refuses the request.',
  INTERNAL: 'A fault of this service, which is in its log.',
})

const FeedGapReasonEnum = enumOf<FeedGapReason>('FeedGapReason', 'Why events may be missing.', {
  NOT_READ_IN_TIME: 'Nobody read the feed for longer than the seven days for which Microsoft keeps content.',
  CONTENT_EXPIRED: 'The content was gone before it could be fetched.',
  CONTENT_UNREADABLE: 'What Microsoft answered is no list of records, however often it was asked.',
  SUBSCRIPTION_OFF: 'The subscription was off.',
  AUDITING_OFF: 'Auditing was off in the tenant.',
})

const FeedGapType = builder.objectRef<UnreadTime>('FeedGap').implement({
  description: 'A time from which events may be missing for good. It is in the audit, too.',
  fields: (t) => ({
    contentType: t.exposeString('contentType', { description: "Microsoft's type of content, e.g. `Audit.Exchange`." }),
    from: t.expose('from', { type: 'DateTime', description: 'When the first of it was made; its events are older.' }),
    until: t.expose('until', { type: 'DateTime', description: 'The end, which does not belong to it.' }),
    why: t.expose('why', { type: FeedGapReasonEnum, description: 'The reason.' }),
    message: t.exposeString('message', { description: 'The same in one sentence.' }),
    noticedAt: t.expose('noticedAt', { type: 'DateTime', description: 'When it was found.' }),
  }),
})

const FeedContentType = builder.objectRef<TypeOfContent>('FeedContent').implement({
  description: 'One type of content of the activity feed. Counts are since the tenant was connected.',
  fields: (t) => ({
    contentType: t.exposeString('contentType', { description: "Microsoft's name, e.g. `Audit.Exchange`." }),
    listedUntil: t.expose('listedUntil', {
      type: 'DateTime',
      nullable: true,
      description: 'All content made before it is known; null before the first time.',
    }),
    lastReceivedAt: t.expose('receivedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When a new record last arrived.',
    }),
    fault: t.expose('fault', {
      type: FeedFaultEnum,
      nullable: true,
      description: 'Why it is not read; null when it is.',
    }),
    faultSince: t.expose('faultSince', { type: 'DateTime', nullable: true, description: 'Since when.' }),
    openBlobs: t.exposeInt('openBlobs', { description: 'Known and still to be fetched.' }),
    records: t.exposeFloat('records', { description: 'Records that arrived, without repeats.' }),
    duplicates: t.exposeFloat('duplicates', { description: 'Repeats, which Microsoft sends as a rule.' }),
    unreadable: t.exposeFloat('unreadable', { description: 'Records that could not be read, and were kept out.' }),
  }),
})

export const TenantFeedType = builder.objectRef<FeedOfTenant>('TenantFeed').implement({
  description:
    'How the events of a tenant arrive: read from the Office 365 Management Activity API about once a minute.',
  fields: (t) => ({
    lastReceivedAt: t.expose('lastReceivedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When a new record last arrived, of whatever type.',
    }),
    contents: t.expose('contents', { type: [FeedContentType], description: 'Each type of content.' }),
    gaps: t.expose('gaps', { type: [FeedGapType], description: 'What never arrives, newest first, at most 50.' }),
  }),
})
