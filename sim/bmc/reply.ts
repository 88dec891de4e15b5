export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
  /** Sent as it is, in place of a JSON body. */
  readonly text?: { readonly type: string; readonly content: string };
  /** The connection is lost: before any answer, or in the middle of it. */
  readonly cut?: 'all' | 'half';
}

/** The Base registry by which messages are named in here. */
export const registry = 'Base.1.18.0';

/** An error in Redfish's form: `key` is a message of the Base registry, or a whole MessageId of another one. */
export function failure(status: number, key: string, message: string, args: readonly string[] = []): Reply {
  return { status, body: { error: extended(key, message, args, status >= 500 ? 'Critical' : 'Warning') } };
}

/** Success that says something: status 200 and one message. */
export function said(key: string, message: string): Reply {
  return { status: 200, body: { error: extended(key, message, [], 'OK') } };
}

function extended(key: string, message: string, args: readonly string[], severity: string) {
  const id = key.includes('.') ? key : `${registry}.${key}`;
  return {
    code: id,
    message,
    '@Message.ExtendedInfo': [
      {
        '@odata.type': '#Message.v1_1_2.Message',
        MessageId: id,
        Message: message,
        MessageArgs: args,
        MessageSeverity: severity,
        Resolution: 'None.',
      },
    ],
  };
}

export const notFound = (path: string): Reply =>
  failure(404, 'ResourceMissingAtURI', `The resource at the URI '${path}' was not found.`, [path]);

export const wrongValue = (value: unknown, property: string): Reply =>
  failure(
    400,
    'PropertyValueNotInList',
    `The value '${String(value)}' for the property ${property} is not in the list of acceptable values.`,
    [String(value), property],
  );

export const notWritable = (property: string): Reply =>
  failure(400, 'PropertyNotWritable', `The property ${property} is a read only property.`, [property]);

export const unknownProperty = (property: string): Reply =>
  failure(400, 'PropertyUnknown', `The property ${property} is not in the list of valid properties for the resource.`, [
    property,
  ]);

export const unknownParameter = (parameter: string, action: string): Reply =>
  failure(
    400,
    'ActionParameterUnknown',
    `The action ${action.replace(/^.*\//, '')} was submitted with the invalid parameter ${parameter}.`,
    [action.replace(/^.*\//, ''), parameter],
  );

export const missing = (property: string): Reply =>
  failure(400, 'PropertyMissing', `The property ${property} is a required property.`, [property]);

export const wrongMethod: Reply = {
  ...failure(405, 'OperationNotAllowed', 'The HTTP method is not allowed on this resource.'),
  headers: { allow: 'GET, HEAD' },
};

export const empty: Reply = { status: 204 };
