// SPDX-License-Identifier: Apache-2.0
// For .cpp files of src/net only: PEM files and what is in them.
#pragma once

#include <openssl/bio.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "net/tls_context.h"

namespace weir::net {

using X509Ptr = std::unique_ptr<X509, OpenSslFree<X509_free>>;
using BioPtr = std::unique_ptr<BIO, OpenSslFree<BIO_free>>;

// A PEM text from where the settings have it.
struct Pem {
  std::string text;
  std::string error;  // "open /x: no such file or directory"
};
Pem read_pem(const std::string& file, const std::string& written);

// Over the text, which must live as long.
BioPtr bio_of(const std::string& text);

// A key with a password has none: OpenSSL must not ask on a terminal.
int no_password(char*, int, int, void*);

std::vector<X509Ptr> certificates_in(const std::string& pem);

// "2026-05-01T12:00:00Z"
std::string text_of(const ASN1_TIME* time);

}  // namespace weir::net
