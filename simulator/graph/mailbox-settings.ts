import type { Mailbox } from '../world.ts'
import { mailboxOfRequest } from './mailbox.ts'
import { readMailboxSettings } from './permissions.ts'
import { type EntityShape, projected, selection } from './query.ts'
import { type GraphReply, type GraphRequest, ok, type Route } from './route.ts'

const properties = [
  ...['archiveFolder', 'automaticRepliesSetting', 'dateFormat', 'delegateMeetingMessageDeliveryOptions', 'language'],
  ...['timeFormat', 'timeZone', 'userPurpose', 'workingHours'],
]
const shape: EntityShape = { type: 'mailboxSettings', properties, defaults: properties }

const purposes: Record<Mailbox['recipientTypeDetails'], string> = {
  UserMailbox: 'user',
  SharedMailbox: 'shared',
  RoomMailbox: 'room',
  EquipmentMailbox: 'equipment',
}

export const mailboxSettingsRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/users/{id}/mailboxSettings',
    permissions: readMailboxSettings,
    workload: 'outlook',
    query: ['$select'],
    handler: mailboxSettings,
  },
]

function mailboxSettings(request: GraphRequest): GraphReply {
  const { user, mailbox } = mailboxOfRequest(request)
  const settings = {
    archiveFolder: null,
    automaticRepliesSetting: {
      status: 'disabled',
      externalAudience: 'none',
      internalReplyMessage: '',
      externalReplyMessage: '',
      scheduledStartDateTime: { dateTime: '2026-01-01T08:00:00.0000000', timeZone: 'UTC' },
      scheduledEndDateTime: { dateTime: '2026-01-02T08:00:00.0000000', timeZone: 'UTC' },
    },
    dateFormat: 'yyyy-MM-dd',
    delegateMeetingMessageDeliveryOptions: 'sendToDelegateOnly',
    language: { locale: 'en-US', displayName: 'English (United States)' },
    timeFormat: 'HH:mm',
    timeZone: 'UTC',
    userPurpose: purposes[mailbox.recipientTypeDetails],
    workingHours: {
      daysOfWeek: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'],
      startTime: '08:00:00.0000000',
      endTime: '17:00:00.0000000',
      timeZone: { name: 'UTC' },
    },
  }
  return ok({
    '@odata.context': `${request.root}/$metadata#users('${encodeURIComponent(user.id)}')/mailboxSettings`,
    ...projected(settings, selection(request, [shape]), shape),
  })
}
