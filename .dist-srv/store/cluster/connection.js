/** The one role and database of a private cluster. */
export const ROLE = 'tricordon';
export const DATABASE = 'tricordon';
export const PORT = 5432;
export const clusterDirectory = (dataDir) => `${dataDir}/postgres`;
export const socketDirectory = (runtimeDir) => `${runtimeDir}/pg`;
