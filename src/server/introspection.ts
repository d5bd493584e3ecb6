/** Who may ask what the API looks like; and validation, whose hints tell the same by guessing. */
import { useDisableIntrospection } from '@graphql-yoga/plugin-disable-introspection'
import { validate } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Caller } from '../services/operators/authenticate.ts'

/** `people`: persons, e.g. in GraphiQL, but neither applications nor API keys. */
export const introspections = ['on', 'people', 'off'] as const
export type Introspection = (typeof introspections)[number]

export const mayIntrospect = (introspection: Introspection, { kind }: Caller['operator']): boolean =>
  introspection === 'on' || (introspection === 'people' && kind === 'PERSON')

/** More faults of one document help nobody, and each is a search for what may have been meant. */
const faultsMax = 10

export function introspectionPlugins(introspection: Introspection): Plugin[] {
  const isHidden = (context: object) => !mayIntrospect(introspection, (context as { caller: Caller }).caller.operator)
  return [
    useDisableIntrospection({ isDisabled: (_, context) => isHidden(context) }),
    {
      // Results are kept by document and rules: the rule above keeps those without hints apart from those with them.
      onValidate({ context, setValidationFn }) {
        const options = { maxErrors: faultsMax, hideSuggestions: isHidden(context) }
        setValidationFn((schema, document, rules) => validate(schema, document, rules, options))
      },
    },
  ]
}
