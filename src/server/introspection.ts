/** Who may ask what the API looks like; and validation, whose hints tell the same by guessing. */
import { GraphQLError, type ValidationRule, validate } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Caller } from '../services/operators/authenticate.ts'
import { isIntrospection } from './document-form.ts'

/** `people`: persons, e.g. in GraphiQL, but neither applications nor API keys. */
export const introspections = ['on', 'people', 'off'] as const
export type Introspection = (typeof introspections)[number]

export const mayIntrospect = (introspection: Introspection, { kind }: Caller['operator']): boolean =>
  introspection === 'on' || (introspection === 'people' && kind === 'PERSON')

/** More faults of one document help nobody, and each is a search for what may have been meant. */
const faultsMax = 10

export function validationPlugin(introspection: Introspection): Plugin {
  return {
    onValidate({ context, addValidationRule, setValidationFn }) {
      const { caller } = context as unknown as { caller: Caller }
      const isHidden = !mayIntrospect(introspection, caller.operator)
      // Results are kept by document and rules, so this rule also keeps those with hints apart from those without.
      if (isHidden) addValidationRule(noIntrospection)
      const options = { maxErrors: faultsMax, hideSuggestions: isHidden }
      setValidationFn((schema, document, rules) => validate(schema, document, rules, options))
    },
  }
}

const noIntrospection: ValidationRule = (context) => ({
  Field(node) {
    if (!isIntrospection(node)) return
    const message = `"${node.name.value}" is not answered here: take schema.graphql of this release, or ask as a person where the gateway allows that.`
    context.reportError(new GraphQLError(message, { nodes: node }))
  },
})
