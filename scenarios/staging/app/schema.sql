-- The tables of the file-sharing service. Times are UTC.
CREATE DATABASE IF NOT EXISTS fileshare CHARACTER SET utf8mb4;
USE fileshare;
CREATE TABLE IF NOT EXISTS tenants (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    slug VARCHAR(64) NOT NULL UNIQUE,
    name VARCHAR(120) NOT NULL,
    plan VARCHAR(16) NOT NULL,
    created DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
);
CREATE TABLE IF NOT EXISTS users (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    email VARCHAR(190) NOT NULL UNIQUE,
    name VARCHAR(120) NOT NULL,
    phone VARCHAR(40) NOT NULL,
    password_hash VARCHAR(120) NOT NULL,
    created DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    KEY (tenant_id)
);
CREATE TABLE IF NOT EXISTS files (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    owner_id BIGINT NOT NULL,
    name VARCHAR(200) NOT NULL,
    path VARCHAR(200) NOT NULL UNIQUE,
    bytes BIGINT NOT NULL,
    sha256 CHAR(64) NOT NULL,
    created DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    KEY (tenant_id, id)
);
CREATE TABLE IF NOT EXISTS shares (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    file_id BIGINT NOT NULL,
    recipient VARCHAR(190) NOT NULL,
    token VARCHAR(44) NOT NULL UNIQUE,
    created DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    KEY (file_id)
);
-- Files whose rows are gone, and since when.
CREATE TABLE IF NOT EXISTS removals (
    path VARCHAR(200) PRIMARY KEY,
    at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    KEY (at)
);
CREATE TABLE IF NOT EXISTS audit (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    action VARCHAR(32) NOT NULL,
    object VARCHAR(64) NOT NULL,
    ip VARCHAR(40) NOT NULL,
    detail TEXT NOT NULL,
    at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    KEY (tenant_id, at)
);
-- One row. Sessions carry the epoch they began in, so raising it signs everybody out.
CREATE TABLE IF NOT EXISTS settings (
    id TINYINT PRIMARY KEY,
    session_epoch BIGINT NOT NULL
);
INSERT IGNORE INTO settings VALUES (1, 1);
