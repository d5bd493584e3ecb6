import { operatorGlobalId } from '../resolvers/global-ids.ts'
import type { OperatorKind } from '../services/remediations/types.ts'
import { builder } from './builder.ts'
import { OperatorKindEnum } from './enums.ts'

/** Who did something, also as it was known when it was done. */
export const OperatorType = builder
  .objectRef<{ id: string; kind: OperatorKind; displayName: string }>('Operator')
  .implement({
    description: 'Who calls this API: a person, an application or an API key.',
    fields: (t) => ({
      id: t.id({ description: 'Opaque and stable.', resolve: ({ id }) => operatorGlobalId(id) }),
      kind: t.expose('kind', { type: OperatorKindEnum, description: 'A person, an application or an API key.' }),
      displayName: t.exposeString('displayName', { description: 'The name to show. It decides nothing.' }),
    }),
  })
