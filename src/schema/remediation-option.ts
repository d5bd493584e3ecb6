import type { OnSubject } from '../resolvers/subjects.ts'
import type {
  AdminConsentRequirement,
  ApplicationAccess,
  EventAssessment,
  GreyedOutReason,
  PrivilegedSignInRequirement,
  RemediationOption,
} from '../services/remediations/types.ts'
import { builder } from './builder.ts'
import { GreyedOutCodeEnum, ImpactEnum, RemediationKindEnum, RemediationWarningEnum } from './enums.ts'
import { SubjectUnion } from './subject.ts'

const PrivilegedSignIn = builder.objectRef<PrivilegedSignInRequirement>('PrivilegedSignInRequirement').implement({
  description:
    'An administrator of the tenant must sign in before this can be done. Open the link first, then act: one mutation is enough.',
  fields: (t) => ({
    signInUrl: t.exposeString('signInUrl', {
      description: 'The page on which the administrator signs in. Worthless to anybody but you.',
    }),
    acceptedRoles: t.exposeStringList('acceptedRoles', {
      description: 'The Entra roles one of which the administrator must hold.',
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'Until when the link can be opened.' }),
  }),
})

const AdminConsent = builder.objectRef<AdminConsentRequirement>('AdminConsentRequirement').implement({
  description:
    'A Global Administrator of the tenant must consent before this can be done, once for the whole organisation.',
  fields: (t) => ({
    consentUrl: t.exposeString('consentUrl', { description: 'The page on which the consent is given.' }),
    missingPermissions: t.exposeStringList('missingPermissions', {
      description: 'The permissions that are asked for.',
    }),
    grantableBy: t.exposeStringList('grantableBy', { description: 'The Entra roles that can give it.' }),
  }),
})

const Requirement = builder.unionType('Requirement', {
  description: 'What must happen before a remediation can be done.',
  types: [PrivilegedSignIn, AdminConsent],
  resolveType: ({ type }) =>
    type === 'PRIVILEGED_SIGN_IN' ? 'PrivilegedSignInRequirement' : 'AdminConsentRequirement',
})

const ApplicationAccessKind = builder.enumType('ApplicationAccessKind', {
  description: 'How an application uses a permission.',
  values: {
    APPLICATION: { description: 'On its own, without any user.' },
    DELEGATED: { description: 'On behalf of users who use it.' },
  } as const,
})

const ApplicationAccessType = builder.objectRef<ApplicationAccess>('ApplicationAccess').implement({
  description: 'Something that an application may do in the tenant now.',
  fields: (t) => ({
    type: t.expose('type', { type: ApplicationAccessKind, description: 'Whether it needs a user.' }),
    permission: t.exposeString('permission', { description: "Microsoft's name of the permission, e.g. `Mail.Read`." }),
    resource: t.exposeString('resource', {
      nullable: true,
      description: 'The API that it is a permission of, e.g. `Microsoft Graph`.',
    }),
    userId: t.exposeID('userId', {
      nullable: true,
      description: 'Entra object id of the user that it is limited to; null: it holds for everybody.',
    }),
    isRisky: t.exposeBoolean('isRisky', {
      description:
        'Whether it lets the application read or send mail, read all files, change the directory, or the like.',
    }),
  }),
})

export const RemediationOptionType = builder.objectRef<OnSubject<RemediationOption>>('RemediationOption').implement({
  description: 'Something that can be done about a subject now.',
  fields: (t) => ({
    kind: t.expose('kind', { type: RemediationKindEnum, description: 'What it is.' }),
    subject: t.expose('subject', { type: SubjectUnion, description: 'To whom or what.' }),
    title: t.exposeString('title', { description: 'A short name for a button.' }),
    effect: t.exposeString('effect', { description: 'What it does.' }),
    limits: t.exposeString('limits', {
      nullable: true,
      description: 'What it does not do: read this before you rely on it.',
    }),
    impact: t.expose('impact', { type: ImpactEnum, description: 'How much it disturbs.' }),
    recommended: t.exposeBoolean('recommended', {
      description: 'Whether it belongs to the least to do for a compromised user.',
    }),
    reversible: t.exposeBoolean('reversible', { description: "Whether it can be undone in Microsoft's portals." }),
    howToUndo: t.exposeString('howToUndo', {
      nullable: true,
      description: 'Where to undo it, and what to watch afterwards; null when it cannot be undone.',
    }),
    warnings: t.expose('warnings', { type: [RemediationWarningEnum], description: 'What to know before acting.' }),
    remarks: t.exposeStringList('remarks', {
      description: "What the tenant's present state adds: read it before you act. Empty when there is nothing to add.",
    }),
    applicationAccess: t.expose('applicationAccess', {
      type: [ApplicationAccessType],
      description: 'What the application may do in the tenant now, risky first. Empty for other subjects.',
    }),
    requirements: t.expose('requirements', {
      type: [Requirement],
      description: 'What must happen first. Empty: it can be done at once.',
    }),
    permissions: t.exposeStringList('permissions', {
      description: 'The Microsoft permissions that it needs at least.',
    }),
    viewerCan: t.exposeBoolean('viewerCan', {
      description: 'Whether your roles allow it. If not, the mutation answers `NotAllowedError`.',
    }),
  }),
})

export const GreyedOutReasonType = builder.objectRef<OnSubject<GreyedOutReason>>('GreyedOutReason').implement({
  description: 'Something that belongs to the event but is not possible now, and why.',
  fields: (t) => ({
    kind: t.expose('kind', { type: RemediationKindEnum, description: 'What is not possible.' }),
    subject: t.expose('subject', { type: SubjectUnion, description: 'For whom or what.' }),
    code: t.expose('code', { type: GreyedOutCodeEnum, description: 'Why, for programs.' }),
    message: t.exposeString('message', { description: 'Why, for people.' }),
    remedy: t.exposeString('remedy', {
      nullable: true,
      description: 'What to do about it; null when there is nothing to do.',
    }),
  }),
})

export const RemediationBanner = builder
  .objectRef<NonNullable<EventAssessment['banner']>>('RemediationBanner')
  .implement({
    description: 'Says that nothing can be done about the event from here, and whom to ask.',
    fields: (t) => ({
      message: t.exposeString('message', { description: 'What to show.' }),
      supportEmail: t.exposeString('supportEmail', {
        nullable: true,
        description: 'Whom to ask; null when no contact was set up.',
      }),
    }),
  })
