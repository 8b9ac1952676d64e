// SPDX-License-Identifier: Apache-2.0
#include "support/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace weir::test {

namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using CertificatePtr = std::unique_ptr<X509, void (*)(X509*)>;

KeyPtr new_key() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

template <class Write>
std::string pem_of(Write write) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  if (write(bio.get()) != 1) throw std::runtime_error("cannot write PEM");
  std::string text(BIO_pending(bio.get()), '\0');
  BIO_read(bio.get(), text.data(), static_cast<int>(text.size()));
  return text;
}

void extend(X509* certificate, X509* issuer, int what, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
  if (extension == nullptr) throw std::runtime_error("bad extension " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

CertificatePtr new_certificate(EVP_PKEY* key, const CertificateWish& wish) {
  CertificatePtr made(X509_new(), X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  unsigned char serial[8];
  RAND_bytes(serial, sizeof serial);
  serial[0] &= 0x7f;
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(made.get()));
  BN_free(number);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), wish.valid_from);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), wish.valid_until);
  X509_set_pubkey(made.get(), key);
  const auto* name = reinterpret_cast<const unsigned char*>(wish.common_name.c_str());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8, name, -1, -1, 0);
  return made;
}

}  // namespace

struct TestAuthority::Impl {
  KeyPtr key{nullptr, EVP_PKEY_free};
  CertificatePtr certificate{nullptr, X509_free};
};

TestAuthority::TestAuthority(const std::string& name) { make(name, nullptr); }
TestAuthority::TestAuthority(const TestAuthority& by, const std::string& name) { make(name, &by); }

void TestAuthority::make(const std::string& name, const TestAuthority* by) {
  impl_ = std::make_unique<Impl>();
  impl_->key = new_key();
  impl_->certificate = new_certificate(impl_->key.get(), {name, {}, -7200, 7200});
  X509* mine = impl_->certificate.get();
  const Impl& issuer = by == nullptr ? *impl_ : *by->impl_;
  X509_set_issuer_name(mine, X509_get_subject_name(issuer.certificate.get()));
  extend(mine, mine, NID_basic_constraints, "critical,CA:TRUE");
  extend(mine, mine, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(mine, mine, NID_subject_key_identifier, "hash");
  X509_sign(mine, issuer.key.get(), EVP_sha256());
  certificate_ = pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, mine); });
}

TestAuthority::~TestAuthority() = default;

CertifiedKey TestAuthority::issue(const CertificateWish& wish) const {
  const KeyPtr key = new_key();
  const CertificatePtr made = new_certificate(key.get(), wish);
  X509* issuer = impl_->certificate.get();
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
  extend(made.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  extend(made.get(), issuer, NID_ext_key_usage, "serverAuth,clientAuth");
  std::string names;
  for (const std::string& name : wish.names) names += (names.empty() ? "" : ",") + name;
  if (!names.empty()) extend(made.get(), issuer, NID_subject_alt_name, names);
  X509_sign(made.get(), impl_->key.get(), EVP_sha256());
  return {pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, made.get()); }), pem_of([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

TestDirectory::TestDirectory() {
  path_ = std::filesystem::temp_directory_path() / "weir-test-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make " + path_);
}

TestDirectory::~TestDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TestDirectory::write(const std::string& name, const std::string& text) const {
  const std::string path = path_ + "/" + name;
  std::ofstream(path + ".new") << text;
  std::filesystem::rename(path + ".new", path);
  return path;
}

}  // namespace weir::test
