import { IconPlus, IconScissors } from '@tabler/icons-react'
import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, getSmoothStepPath } from '@xyflow/react'
import { memo } from 'react'
import { type Edge as DocumentEdge, entryOf, type Port } from '../model/edges'
import { cornersOf, pathAlong } from './edgePath'

/** A way out of an action, or one of its edges: where something is added. */
export interface Place {
  after: string
  port?: Port | undefined
  before?: string | undefined
  /** The loop whose list it comes into as the first one. */
  within?: string | undefined
}

export type DrawnEdge = Edge<
  {
    kind: DocumentEdge['kind']
    port: Port
    label: string | undefined
    lane: number | undefined
    /** Where it stands among those of its way out; its buttons stand beside theirs. */
    place: number
    /** Whether other edges lead to its target as well. */
    isJoining: boolean
    isTaken: boolean
    between: string
    onAdd?: (place: Place) => void
    onDisconnect?: (source: string, target: string, port: Port) => void
  },
  'step'
>

export const StepEdge = memo(function StepEdge(props: EdgeProps<DrawnEdge>) {
  const { source, target, data } = props
  const { path, x, y } = drawn(props)
  const className = `edge edge-${data?.kind ?? 'next'}${data?.isTaken ? ' edge-taken' : ''}`
  const isEditable = data?.onAdd !== undefined
  return (
    <>
      <BaseEdge path={path} className={className} />
      <EdgeLabelRenderer>
        <div
          className="edge-tools nodrag nopan"
          style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
        >
          {data?.label && (
            <span className="edge-label" data-kind={data.kind} title={data.label}>
              {data.label}
            </span>
          )}
          {isEditable && data && (
            <span className="edge-buttons">
              <button
                type="button"
                className="edge-tool"
                aria-label={`Add an action between ${data.between}`}
                onClick={() =>
                  data.onAdd?.(
                    data.kind === 'start'
                      ? { after: source }
                      : { after: source, port: data.port, before: target },
                  )
                }
              >
                <IconPlus size={14} aria-hidden />
              </button>
              {data.kind !== 'start' && (
                <button
                  type="button"
                  className="edge-tool edge-cut"
                  aria-label={`Disconnect ${data.between}`}
                  title="Disconnect"
                  onClick={() => data.onDisconnect?.(source, target, data.port)}
                >
                  <IconScissors size={13} aria-hidden />
                </button>
              )}
            </span>
          )}
        </div>
      </EdgeLabelRenderer>
    </>
  )
})

/** The edge's path, and where its words and buttons stand: before its target, or where it is still alone. */
function drawn(props: EdgeProps<DrawnEdge>): { path: string; x: number; y: number } {
  const { sourceX, sourceY, targetX, targetY, data } = props
  const corners = cornersOf(props, data?.lane)
  if (!corners) {
    const [path, x, y] = getSmoothStepPath({ ...props, borderRadius: 14 })
    return { path, x, y }
  }
  const path = pathAlong(corners)
  if (data?.lane !== undefined) return { path, x: data.lane, y: (sourceY + targetY) / 2 }
  if (Math.abs(sourceX - targetX) < 1) return { path, x: sourceX, y: (sourceY + targetY) / 2 }
  if (!data?.isJoining) return { path, x: targetX, y: targetY - (targetY - sourceY > 64 ? 26 : 20) }
  const beside = entryOf(data.port) === null ? data.place * 32 : 0
  return { path, x: sourceX + beside, y: Math.min(sourceY + 30, (sourceY + targetY) / 2) }
}
