import { node, nodes } from '../resolvers/node.ts'
import { atMost, builder } from './builder.ts'

const Node = builder.nodeInterfaceRef()

builder.queryFields((t) => ({
  node: t.field({
    type: Node,
    nullable: true,
    args: { id: t.arg.id({ required: true, description: 'The id of any object.' }) },
    complexity: 5,
    description: 'Any object by its id; null when there is none that you may see.',
    resolve: node,
  }),
  nodes: t.field({
    type: [Node],
    nullable: { list: false, items: true },
    args: { ids: t.arg.idList({ required: true, ...atMost(100, 'The ids.') }) },
    complexity: ({ ids }) => ({ field: 5, multiplier: Math.max(1, ids.length) }),
    description:
      'Objects by their ids, in the order asked for; null for each that is not there or that you may not see.',
    resolve: nodes,
  }),
}))
