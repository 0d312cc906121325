import {
  PartUrlAnswer,
  PartUrlRequest,
  UploadCompleteAnswer,
  UploadCompleteRequest,
  UploadInitAnswer,
  UploadInitRequest,
  UploadPartAnswer,
  UploadStatusAnswer,
} from '../../shared/wire.ts';
import { completeUpload } from '../uploads/complete.ts';
import { initUpload } from '../uploads/init.ts';
import { signPart } from '../uploads/multipart-part.ts';
import { storePart } from '../uploads/part.ts';
import { heldParts, uploadOf } from '../uploads/uploads.ts';
import { readPart } from './multipart.ts';
import { route, type Route } from './route.ts';

/** 10,000 parts with their etags. */
const COMPLETE_BYTES = 4 * 1024 * 1024;

/** How derived files get here (protocol.md, "Calls of the agent"; reliability.md, Uploads). */
export const UPLOAD_ROUTES: readonly Route[] = [
  route({
    method: 'POST',
    path: '/assets/:uuid/derived/upload/init',
    operationId: 'beginUpload',
    grows: true,
    summary: 'Announces one derived file of a claimed job.',
    scope: 'agent',
    agent: 'or403',
    body: UploadInitRequest,
    answer: UploadInitAnswer,
    statuses: [404, 409, 410, 413, 422, 423],
    locked: true,
    idempotent: true,
    handle: ({ context, params, body, identity }) => initUpload(context, params['uuid'] ?? '', body, identity),
  }),
  route({
    method: 'POST',
    path: '/assets/:uuid/derived/upload/part',
    operationId: 'uploadPart',
    grows: true,
    summary: 'Sends one part; sending it again replaces it.',
    scope: 'agent',
    agent: 'or403',
    answer: UploadPartAnswer,
    statuses: [404, 409, 410, 422, 423],
    content: 'multipart',
    handle: async ({ context, params, agent, request }) => {
      const { fields, file, declaredSha256 } = await readPart(context, request);
      const where = { assetUuid: params['uuid'] ?? '', agentId: agent.agent_id };
      return storePart(context, where, fields, file, declaredSha256);
    },
  }),
  route({
    method: 'POST',
    path: '/assets/:uuid/derived/upload/part-url',
    operationId: 'signPart',
    summary: 'Signs an address under which the store takes one part; only where init answered `part_url_origin`.',
    scope: 'agent',
    agent: 'or403',
    body: PartUrlRequest,
    answer: PartUrlAnswer,
    statuses: [404, 409, 410, 422, 423],
    locked: true,
    handle: async ({ context, params, agent, body }) =>
      signPart(context, { assetUuid: params['uuid'] ?? '', agentId: agent.agent_id }, body),
  }),
  route({
    method: 'POST',
    path: '/assets/:uuid/derived/upload/complete',
    operationId: 'completeUpload',
    summary: 'Makes one file of the parts.',
    scope: 'agent',
    agent: 'or403',
    body: UploadCompleteRequest,
    answer: UploadCompleteAnswer,
    statuses: [404, 409, 410, 422, 423],
    locked: true,
    idempotent: true,
    bodyLimit: COMPLETE_BYTES,
    handle: ({ context, params, body, identity }) => completeUpload(context, params['uuid'] ?? '', body, identity),
  }),
  route({
    method: 'GET',
    path: '/assets/:uuid/derived/upload/:upload_id',
    operationId: 'uploadStatus',
    summary: 'The parts that the server holds.',
    scope: 'agent',
    agent: 'or403',
    answer: UploadStatusAnswer,
    statuses: [404, 410],
    handle: async ({ context, params, agent }) => {
      const { uuid = '', upload_id = '' } = params;
      const where = { uploadId: upload_id, assetUuid: uuid, agentId: agent.agent_id };
      return { parts: await heldParts(context, await uploadOf(context.database, where)) };
    },
  }),
];
