import { IconPlus, IconScissors } from '@tabler/icons-react'
import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, getSmoothStepPath } from '@xyflow/react'
import { memo } from 'react'
import type { Edge as DocumentEdge } from '../model/edges'

export type DrawnEdge = Edge<
  {
    kind: DocumentEdge['kind']
    label: string | undefined
    isTaken: boolean
    between: string
    onAdd?: (after: string) => void
    onDisconnect?: (source: string, target: string) => void
  },
  'step'
>

export const StepEdge = memo(function StepEdge(props: EdgeProps<DrawnEdge>) {
  const { source, target, data } = props
  const [path, x, y] = getSmoothStepPath({ ...props, borderRadius: 14 })
  const className = `edge edge-${data?.kind ?? 'next'}${data?.isTaken ? ' edge-taken' : ''}`
  return (
    <>
      <BaseEdge path={path} className={className} />
      <EdgeLabelRenderer>
        <div
          className="edge-tools nodrag nopan"
          style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
        >
          {data?.label && <span className="edge-label">{data.label}</span>}
          {data?.onAdd && (
            <button
              type="button"
              className="edge-tool"
              aria-label={`Add an action between ${data.between}`}
              onClick={() => data.onAdd?.(source)}
            >
              <IconPlus size={14} aria-hidden />
            </button>
          )}
          {data?.onDisconnect && data.kind === 'next' && (
            <button
              type="button"
              className="edge-tool edge-cut"
              aria-label={`Disconnect ${data.between}`}
              title="Disconnect"
              onClick={() => data.onDisconnect?.(source, target)}
            >
              <IconScissors size={13} aria-hidden />
            </button>
          )}
        </div>
      </EdgeLabelRenderer>
    </>
  )
})
