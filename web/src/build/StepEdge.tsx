import { IconPlus, IconScissors } from '@tabler/icons-react'
import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, getSmoothStepPath } from '@xyflow/react'
import { memo } from 'react'
import { type Edge as DocumentEdge, entryOf, type Port } from '../model/edges'
import { cornersOf, pathAlong } from './edgePath'

/** How far words in lanes of one source stand below each other. */
const STEP = 54

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
    /** Which one it is of its source's edges in lanes; their words stand one below the other. */
    step: number
    /** Whether it is for a failure or for time that is up. */
    isAside: boolean
    /** Whether its source has ways for both. */
    isPaired: boolean
    /** Whether another edge of the same way out has the same words; its own then only hold the place. */
    isNamedBefore: boolean
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
  const { path, x, y, side } = drawn(props)
  const className = `edge edge-${data?.kind ?? 'next'}${data?.isTaken ? ' edge-taken' : ''}`
  const isEditable = data?.onAdd !== undefined
  return (
    <>
      <BaseEdge path={path} className={className} />
      <EdgeLabelRenderer>
        <div
          className="edge-tools nodrag nopan"
          data-side={side}
          style={{ transform: `${AT_SIDE[side]} translate(${x}px, ${y}px)` }}
        >
          {data?.label && (
            <span
              className="edge-label"
              data-kind={data.kind}
              data-repeated={data.isNamedBefore || undefined}
              aria-hidden={data.isNamedBefore || undefined}
              title={data.label}
            >
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

type Side = 'middle' | 'left' | 'right'

/** Words stand over the line, or begin or end at it, so that those of two ways out side by side have room. */
const AT_SIDE: Record<Side, string> = {
  middle: 'translate(-50%, -50%)',
  left: 'translate(calc(-100% + 12px), -50%)',
  right: 'translate(-12px, -50%)',
}

interface Drawn {
  path: string
  x: number
  y: number
  side: Side
}

/** The edge's path, and where its words and buttons stand: before its target, or where it is still alone. */
function drawn(props: EdgeProps<DrawnEdge>): Drawn {
  const { sourceX, sourceY, targetX, targetY, data } = props
  const corners = cornersOf(props, data?.lane)
  if (!corners) {
    const [path, x, y] = getSmoothStepPath({ ...props, borderRadius: 14 })
    return { path, x, y, side: 'middle' }
  }
  const path = pathAlong(corners)
  const middle = (sourceY + targetY) / 2
  if (data?.lane !== undefined) return { path, x: data.lane, y: middle + data.step * STEP, side: 'middle' }
  if (data?.isAside && data.isJoining) {
    const side = data.kind === 'timeout' && data.isPaired ? 'left' : 'right'
    const beside = data.place * (side === 'left' ? -32 : 32)
    return { path, x: sourceX + beside, y: Math.min(sourceY + 32, middle), side }
  }
  if (Math.abs(sourceX - targetX) < 1) return { path, x: sourceX, y: middle, side: 'middle' }
  if (!data?.isJoining)
    return { path, x: targetX, y: targetY - (targetY - sourceY > 64 ? 26 : 20), side: 'middle' }
  const beside = entryOf(data.port) === null ? data.place * 32 : 0
  return { path, x: sourceX + beside, y: Math.min(sourceY + 30, middle), side: 'middle' }
}
