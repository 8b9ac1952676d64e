// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace weir::test {

// A certificate and its key, as PEM.
struct CertifiedKey {
  std::string certificate;
  std::string key;
};

struct CertificateWish {
  std::string common_name = "test";
  // "DNS:localhost", "IP:127.0.0.1"
  std::vector<std::string> names = {"DNS:localhost", "IP:127.0.0.1", "IP:::1"};
  long valid_from = -3600;  // seconds from now
  long valid_until = 3600;
};

// An authority that lives as long as the test.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "test authority");
  // One that another vouches for.
  TestAuthority(const TestAuthority& by, const std::string& name);
  ~TestAuthority();
  const std::string& certificate() const { return certificate_; }
  CertifiedKey issue(const CertificateWish& wish = {}) const;

 private:
  struct Impl;
  void make(const std::string& name, const TestAuthority* by);
  std::unique_ptr<Impl> impl_;
  std::string certificate_;
};

// A directory of its own, gone at the end.
class TestDirectory {
 public:
  TestDirectory();
  ~TestDirectory();
  // Writes a file by renaming a new one into place; gives its path.
  std::string write(const std::string& name, const std::string& text) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace weir::test
